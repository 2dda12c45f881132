"""Sessions while time goes on: events within the lateness are corrected as if they were all kept; then nothing is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from applications.behaviour.events.logged_event import LoggedEvent
from applications.behaviour.sessions.rules import SessionRules
from applications.behaviour.sessions.sessions import Limits, Place
from tests.applications.behaviour.reference import reference
from tests.applications.behaviour.visitors_of import (
    HOUR,
    KEY,
    MINUTE,
    MemoryChunks,
    OneVisitor,
    T,
    assert_deltas_sum_up,
    event,
    final,
    in_order,
)

LATENESS = 2 * HOUR


def test_a_session_is_kept_to_the_last_millisecond_in_which_an_event_can_touch_it() -> None:
    one = OneVisitor(SessionRules(idle_ms=MINUTE), Limits(lateness_ms=HOUR))
    one.see(event(0))
    one.move(MINUTE + 1)
    due = one.sessions.due(one.visitor)
    assert due == T + MINUTE + HOUR + 1
    assert one.move(MINUTE + HOUR)
    one.new_records()
    assert one.sessions.see(one.visitor, event(MINUTE - 1), one.watermark, one.records) == "lateness"
    one.see(event(MINUTE))
    assert [(each.kind, each.events) for each in one.records] == [("correction", 2)]
    assert one.move(MINUTE + HOUR + 1)
    assert not one.move(2 * MINUTE + HOUR + 1)
    assert (len(one.visitor.log), one.visitor.state.closed) == (0, b"")


def test_old_sessions_are_forgotten_while_the_visitor_goes_on() -> None:
    one = OneVisitor(SessionRules(cap_ms=20 * MINUTE), Limits(lateness_ms=LATENESS))
    for minute in range(24 * 60):
        one.see(event(minute * MINUTE))
        one.move(minute * MINUTE)
        assert len(one.visitor.log) <= (LATENESS + HOUR) // MINUTE
        assert len(one.visitor.state.closed) < 1_500
    one.move(25 * HOUR)
    assert final(one.records) == reference(*KEY, [event(at * MINUTE) for at in range(24 * 60)], cap=20 * MINUTE)


@st.composite
def _stream(draw: st.DrawFn) -> list[tuple[int, LoggedEvent]]:
    """(time of arrival, event): each event is late by less than the lateness."""
    found = []
    at = 0
    for number in range(draw(st.integers(1, 40))):
        gaps = st.one_of(st.integers(0, 5 * MINUTE), st.integers(0, 90 * MINUTE), st.sampled_from([30 * MINUTE]))
        at += draw(gaps)
        late = draw(st.one_of(st.just(0), st.integers(0, LATENESS), st.sampled_from([LATENESS, LATENESS - 1])))
        name = draw(st.sampled_from(["page_view", "order", "like"]))
        found.append((at + late, event(at, number, name, amount=333, currency="EUR")))
    return sorted(found, key=lambda each: each[0])


@pytest.mark.slow
@given(_stream(), st.integers(1, 20), st.sampled_from([None, 40 * MINUTE]), st.booleans())
@settings(max_examples=150, deadline=None)
def test_events_within_the_lateness_end_in_the_sessions_of_the_reference(
    stream: list[tuple[int, LoggedEvent]], at_once: int, cap: int | None, has_timers: bool
) -> None:
    """Also with every timer on the way, which ends sessions and forgets old ones, and when the state was empty."""
    cap_ms = cap or SessionRules().cap_ms
    one = OneVisitor(SessionRules(cap_ms=cap_ms), Limits(lateness_ms=LATENESS, most_at_once=at_once))
    chunks = one.visitor.log._chunks
    assert isinstance(chunks, MemoryChunks)
    for arrival, each in stream:
        while has_timers and (due := one.sessions.due(one.visitor)) and due <= T + arrival:
            one.move(due - T)
        one.watermark = T + arrival
        assert isinstance(one.sessions.see(one.visitor, each, one.watermark, one.records), Place)
    while due := one.sessions.due(one.visitor):
        one.move(due - T)
    assert final(one.records) == in_order(reference(*KEY, [each for _, each in stream], cap=cap_ms))
    assert_deltas_sum_up(one.records)
    assert (len(one.visitor.log), len(chunks), one.visitor.state.closed) == (0, 0, b"")
    assert one.visitor.state.superseded == {}
