"""The journey from the last learnt success to an event."""

import pytest

from core.risk.subject.profile import Place
from core.risk.subject.travel import UNKNOWN, distance_km, travel
from tests.core.risk.subject.made import HOUR, MINUTE, T0, observation

BERLIN, LAGOS = Place(52.5, 13.4, T0), (6.5, 3.4)
KM_54, KM_44 = (52.985, 13.4), (52.9, 13.4)


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
        (None, LAGOS, HOUR),
        (BERLIN, None, HOUR),
        (BERLIN, KM_44, 10 * MINUTE - 1),
        (BERLIN, LAGOS, -HOUR),
    ],
)
def test_what_is_no_journey(start: Place | None, end: tuple[float, float] | None, after: int) -> None:
    assert travel(start, observation("e", T0 + after, place=end)) == UNKNOWN


@pytest.mark.parametrize(("end", "after"), [(KM_54, 5 * MINUTE), (KM_44, 10 * MINUTE), (LAGOS, 5 * MINUTE)])
def test_only_what_is_near_in_space_and_time_is_an_error_of_the_place(end: tuple[float, float], after: int) -> None:
    assert travel(BERLIN, observation("e", T0 + after, place=end)).known


def test_a_journey_takes_a_minute_at_least() -> None:
    at_once = travel(BERLIN, observation("e", T0, place=LAGOS))
    assert at_once == travel(BERLIN, observation("e", T0 + MINUTE, place=LAGOS))
    assert at_once.speed_kmh == pytest.approx(60 * at_once.distance_km)
