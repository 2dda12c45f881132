"""Freeman's likelihood, and the journey between two sign-ins."""

from math import log

import pytest

from core.risk.observation import Observation
from core.risk.subject.likelihood import ADDED, MEAN_SIGN_INS, PRIOR, likelihood
from core.risk.subject.profile import Place, Profile
from core.risk.subject.state import Found
from core.risk.subject.travel import UNKNOWN, distance_km, travel
from tests.core.risk.subject.made import HOUR, MINUTE, T0, observation

ALL = 1000


def sign_in(
    number: int, *, user_ipaddress: str = "a1", as_number: str = "n1", geo_country: str = "DE", device_id: str = "d1"
) -> Observation:
    return observation(
        f"event-{number:03}",
        T0 + number,
        "sign_in_succeeded",
        user_ipaddress=user_ipaddress,
        as_number=as_number,
        geo_country=geo_country,
        device_id=device_id,
        client="c1",
    )


def known(sign_ins: int = 10) -> Profile:
    profile = Profile()
    for number in range(sign_ins):
        profile.fold(sign_in(number), is_learnt=True)
    return profile


def found(
    address: int = 10, network: int = 200, country: int = 600, device: int = 10, client: int = 50
) -> dict[str, Found]:
    return {
        "address:1": Found(seen=address),
        "network:1": Found(seen=network),
        "device:1": Found(seen=device),
        "client:1": Found(seen=client),
        "site:": Found(seen=ALL, seen_in_country=country),
    }


def test_it_is_the_published_sum() -> None:
    """One feature alone, worked out by hand."""
    of_all = (10 + ADDED) / (ALL + 1)
    of_user = (10 + PRIOR * of_all) / (10 + PRIOR)
    wanted = log(of_all / of_user) + log(MEAN_SIGN_INS / (10 + ADDED))
    parts = {"device:1": Found(seen=10), "site:": Found(seen=ALL)}
    assert likelihood(known(), sign_in(99), parts) == round(wanted, 3)


def test_it_is_none_without_the_site_without_history_and_for_other_flows() -> None:
    assert likelihood(known(), sign_in(99), {"device:1": Found(seen=10)}) is None
    assert likelihood(Profile(), sign_in(99), found()) is None
    checkout = observation("event-099", T0, flow="checkout")
    assert likelihood(known(), checkout, found()) is None


def value(parts: dict[str, Found], **values: str) -> float:
    result = likelihood(known(), sign_in(99, **values), parts)
    assert result is not None
    return result


def test_the_stranger_the_likelier_an_attacker() -> None:
    usual = value(found())
    address = value(found(address=0), user_ipaddress="a2")
    network = value(found(address=0, network=20), user_ipaddress="a2", as_number="n2")
    country = value(found(address=0, network=20, country=30), user_ipaddress="a2", as_number="n2", geo_country="FR")
    device = value(
        found(address=0, network=20, country=30, device=0),
        user_ipaddress="a2",
        as_number="n2",
        geo_country="FR",
        device_id="d2",
    )
    assert usual < 0 < device
    assert usual < address < network < country < device


def test_counts_that_do_not_agree_give_a_number() -> None:
    """Facets forget at different times: an address seen more often than its network, a site that has just begun."""
    assert value(found(address=500, network=3, country=0)) < 0
    assert value({"address:1": Found(seen=9), "site:": Found()}) <= 0


def test_the_distance_between_two_cities() -> None:
    assert distance_km(52.52, 13.405, 48.8566, 2.3522) == pytest.approx(878, abs=2)
    assert distance_km(0, 179.5, 0, -179.5) == pytest.approx(111.2, abs=0.1)
    assert distance_km(90, 0, -90, 0) == pytest.approx(20015, abs=1)


def test_the_speed_of_a_journey() -> None:
    journey = travel(Place(52.52, 13.405, T0), observation("e", T0 + 2 * HOUR, place=(48.8566, 2.3522)))
    assert journey.known
    assert journey.speed_kmh == pytest.approx(439, abs=1)
    assert journey.minutes == 120


@pytest.mark.parametrize(
    ("start", "end", "after"),
    [
        (None, (48.9, 2.4), HOUR),
        (Place(52.5, 13.4, T0), None, HOUR),
        (Place(52.5, 13.4, T0), (52.9, 13.4), HOUR),  # 44 km
        (Place(52.5, 13.4, T0), (48.9, 2.4), 10 * MINUTE),
        (Place(52.5, 13.4, T0), (48.9, 2.4), -HOUR),
    ],
)
def test_what_is_no_journey(start: Place | None, end: tuple[float, float] | None, after: int) -> None:
    assert travel(start, observation("e", T0 + after, place=end)) == UNKNOWN
