"""Freeman's likelihood, and the journey between two sign-ins."""

from math import log

from core.risk.observation import Observation
from core.risk.subject.likelihood import ADDED, MEAN_SIGN_INS, PRIOR, likelihood
from core.risk.subject.profile import Profile
from core.risk.subject.state import Found
from tests.core.risk.subject.made import T0, observation

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
