"""States have each event once, and values are those of before."""

from core.features.model import EntityName, Value
from tests.training.models.samples import AT, features, view
from training.models.states import FeatureStates

LISTING: tuple[EntityName, ...] = ("listing",)
VIEWS = ("browser__listing_views__1h", "browser__listing_views__session")


def values(states: FeatureStates, minute: int) -> list[Value]:
    wanted = states.wanted("browser", VIEWS)
    return list(states.values("browser", "browser-1", wanted, AT + minute * 60_000).values())


def test_an_event_counts_once_and_a_session_ends_after_half_an_hour_without_one() -> None:
    states = FeatureStates(features(), "behaviour", ("browser", "listing"))
    assert values(states, 0) == []
    for minute in (0, 0, 10, 20):
        states.add(view(minute, "l1"))
    assert states.newest("browser", "browser-1") == AT + 20 * 60_000
    assert values(states, 20) == [3, 3]
    assert values(states, 51) == [3, 0]
    states.add(view(55, "l1"))
    assert values(states, 55) == [4, 1]


def test_only_the_entities_that_are_asked_for() -> None:
    states = FeatureStates(features(), "behaviour", LISTING)
    states.add(view(0, "l1"))
    assert values(states, 0) == []
    assert states.newest("listing", "l1") == AT
    assert states.newest("browser", "browser-1") == 0
