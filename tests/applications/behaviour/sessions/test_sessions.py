"""The sessions of a visitor, event by event, against the plain reference computation."""

from hypothesis import given, settings
from hypothesis import strategies as st

from applications.behaviour.events.logged_event import LoggedEvent
from applications.behaviour.sessions.rules import SessionRules
from applications.behaviour.sessions.sessions import Limits
from tests.applications.behaviour.reference import DAY, IDLE, reference
from tests.applications.behaviour.visitors_of import KEY, T, assert_deltas_sum_up, final, in_order, run

_times = st.one_of(
    st.integers(0, 2 * 3_600_000),
    st.builds(lambda number, edge: number * IDLE + edge, st.integers(0, 60), st.integers(-1, 1)),
    st.builds(lambda edge: DAY + edge, st.integers(-1, 1)),
    st.integers(0, 2 * DAY),
)


@st.composite
def _events(draw: st.DrawFn) -> list[LoggedEvent]:
    times = draw(st.lists(_times, min_size=1, max_size=40))
    made = [
        LoggedEvent(
            T + max(0, time),
            number,
            draw(st.sampled_from(["page_view", "search", "order", "like"])),
            draw(st.sampled_from([None, "/a", "/b"])),
            amount=draw(st.sampled_from([0, 1_500, 333])),
            currency="EUR",
        )
        for number, time in enumerate(times)
    ]
    repeated = draw(st.lists(st.sampled_from(made), max_size=5))
    return draw(st.permutations(made + repeated))


@given(_events(), st.integers(1, 50))
@settings(max_examples=300, deadline=None)
def test_the_same_final_sessions_in_any_order_with_duplicates(events: list[LoggedEvent], at_once: int) -> None:
    records = run(events, limits=Limits(most_at_once=at_once))
    assert final(records) == in_order(reference(*KEY, events))
    assert_deltas_sum_up(records)


@given(_events(), st.integers(1, 6), st.integers(1, 2 * IDLE))
@settings(max_examples=300, deadline=None)
def test_limits_to_the_event_and_the_millisecond_in_any_order(events: list[LoggedEvent], most: int, cap: int) -> None:
    records = run(events, SessionRules(most_events=most, cap_ms=cap))
    assert final(records) == in_order(reference(*KEY, events, most=most, cap=cap))
    assert_deltas_sum_up(records)
