"""Visitors with very many events: what is kept, and how much is done, has a bound."""

from unittest.mock import patch

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from applications.behaviour.events.event_log import BLOCK, CHUNK, EventLog
from applications.behaviour.sessions.rules import SessionRules
from applications.behaviour.sessions.sessions import Limits, Sessions
from contracts.sessions.records import SessionRecord
from tests.applications.behaviour.reference import IDLE, reference
from tests.applications.behaviour.visitors_of import (
    HOUR,
    KEY,
    SECOND,
    MemoryChunks,
    OneVisitor,
    T,
    assert_deltas_sum_up,
    event,
    final,
)


def state_bytes(one: OneVisitor) -> int:
    """Of the visitor's own value."""
    return len(msgspec.msgpack.encode((one.visitor.state, one.visitor.log.index)))


def is_waiting(one: OneVisitor) -> bool:
    """Whether the sessions must be made anew."""
    return one.visitor.state.is_dirty


@pytest.mark.slow
def test_a_hundred_thousand_events_in_order_keep_as_much_as_a_thousand() -> None:
    most_kept = 500
    one = OneVisitor(SessionRules(most_events=100), Limits(most_kept=most_kept))
    chunks = MemoryChunks()
    one.visitor.log = EventLog(one.visitor.log.index, chunks)
    largest, most_chunks, totals = 0, 0, [0, 0]
    for number in range(100_000):
        one.see(event(number * SECOND, number, page=f"/page/{number % 7}"))
        for record in one.new_records():
            totals[0] += record.delta_sessions
            totals[1] += record.delta_events
        if number == 1_000:
            largest, most_chunks = state_bytes(one), len(chunks)
        elif number > 1_000 and number % 97 == 0:
            assert state_bytes(one) < largest + 2_000
            assert len(chunks) <= most_kept // CHUNK + most_kept // BLOCK + 2
            assert len(one.visitor.log) <= most_kept
    assert most_chunks > 20
    one.move(100_000 * SECOND + IDLE + 1)
    totals[1] += sum(record.delta_events for record in one.records)
    assert totals == [1_000, 100_000]


@pytest.mark.slow
def test_two_thousand_events_backwards_are_right_and_are_not_made_anew_each_time() -> None:
    one = OneVisitor()
    events = [event(-number * 30 * SECOND, number) for number in range(2_000)]
    with patch.object(Sessions, "renew", autospec=True, side_effect=Sessions.renew) as renew:
        one.see(*events)
        most_at_once = Limits().most_at_once
        assert renew.call_count <= most_at_once
        assert is_waiting(one)
        one.move(HOUR)
        assert renew.call_count <= most_at_once + 1
    assert not is_waiting(one)
    assert final(one.records) == reference(*KEY, events)
    assert_deltas_sum_up(one.records)


def test_sessions_that_wait_to_be_made_anew_go_on_with_events_in_order() -> None:
    one = OneVisitor(limits=Limits(most_at_once=3))
    events = [event(number * SECOND, number) for number in (10, 20, 30, 5, 15, 40, 50, 7)]
    events += [event(3 * HOUR, 100), event(HOUR, 101), event(3 * HOUR + SECOND, 102)]
    one.see(*events)
    assert is_waiting(one)
    one.move(5 * HOUR)
    assert final(one.records) == reference(*KEY, events)
    assert_deltas_sum_up(one.records)


def test_a_repeated_event_is_known_while_the_sessions_wait() -> None:
    one = OneVisitor(limits=Limits(most_at_once=1))
    one.see(event(10, 3), event(20, 4), event(10, 2))
    assert is_waiting(one)
    assert one.see(event(10, 2))[0].is_repeated


def test_sealing_makes_waiting_sessions_anew_first() -> None:
    one = OneVisitor(SessionRules(most_events=5), Limits(most_kept=10, most_at_once=3))
    events = [event(number, number) for number in (20, 21, 22, 23, 11, 12, 13, 14, 24, 25, 26)]
    one.see(*events)
    assert (is_waiting(one), len(one.visitor.log)) == (False, 6)
    one.move(HOUR)
    assert final(one.records) == reference(*KEY, events, most=5)


@pytest.mark.slow
@given(
    st.lists(st.integers(0, 40), min_size=10, max_size=60),
    st.integers(1, 4),
    st.integers(0, 6),
    st.sampled_from([1, 5, 100]),
)
@settings(max_examples=400, deadline=None)
def test_with_sealed_sessions_versions_go_up_and_every_event_is_counted_once(
    times: list[int], most_events: int, more: int, at_once: int
) -> None:
    """Sealed sessions are not those of the reference where late events come. Records must add up all the same."""
    limits = Limits(most_kept=most_events + more, most_at_once=at_once, update_ms=0)
    one, seen = OneVisitor(SessionRules(most_events=most_events, idle_ms=10), limits), 0
    for number, at in enumerate(times):
        place = one.sessions.see(one.visitor, event(at, number), T, one.records)
        assert place != "lateness"
        seen += place != "state_limit"
    one.move(HOUR)
    latest: dict[str, SessionRecord] = {}
    for record in one.records:
        known = latest.get(record.session_id)
        assert record.version == (1 if known is None else known.version + 1)
        latest[record.session_id] = record
    assert sum(each.events for each in latest.values()) == seen
    assert sum(each.delta_events for each in one.records) == seen
