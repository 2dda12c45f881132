"""The records of a session: versions, differences, and when there is one."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from applications.behaviour.sessions.closing import forget
from applications.behaviour.sessions.sessions import Limits
from contracts.sessions.records import SessionRecord
from tests.applications.behaviour.reference import IDLE
from tests.applications.behaviour.visitors_of import HOUR, MINUTE, SECOND, OneVisitor, T, event

_TOTALS = ("events", "page_views", "searches", "carts", "orders", "order_value", "duration_ms")


def brief(records: list[SessionRecord]) -> list[tuple[str, int, int]]:
    """(kind, version, events) of each."""
    return [(each.kind, each.version, each.events) for each in records]


def deltas(record: SessionRecord) -> dict[str, Any]:
    """The differences that are not 0."""
    found = {name: getattr(record, name) for name in SessionRecord.__struct_fields__ if name.startswith("delta_")}
    return {name.removeprefix("delta_"): value for name, value in found.items() if value}


def test_start_update_and_end() -> None:
    one = OneVisitor(limits=Limits(update_ms=10 * SECOND))
    one.see(event(0), event(5 * SECOND), event(10 * SECOND), event(12 * SECOND))
    one.move(12 * SECOND + IDLE)
    assert brief(one.records) == [("start", 1, 1), ("update", 2, 3)]
    one.move(12 * SECOND + IDLE + 1)
    assert brief(one.new_records()) == [("start", 1, 1), ("update", 2, 3), ("end", 3, 4)]
    one.move(2 * HOUR)
    assert one.records == []


def test_an_update_comes_with_the_event_at_the_interval_and_not_a_millisecond_before() -> None:
    one = OneVisitor(limits=Limits(update_ms=1_000))
    one.see(event(0), event(999))
    assert brief(one.records) == [("start", 1, 1)]
    one.see(event(1_000), event(1_999))
    assert brief(one.records) == [("start", 1, 1), ("update", 2, 3)]
    one.see(event(2_000))
    assert brief(one.records)[2:] == [("update", 3, 5)]


def test_an_interval_of_0_gives_a_record_for_each_event() -> None:
    one = OneVisitor(limits=Limits(update_ms=0))
    one.see(*(event(0, number) for number in range(5)))
    assert [each.version for each in one.records] == [1, 2, 3, 4, 5]


def test_a_record_is_the_total_and_the_difference() -> None:
    one = OneVisitor(limits=Limits(update_ms=10 * SECOND))
    one.see(event(0), event(4 * SECOND, name="search"), event(9 * SECOND, name="order", amount=2_500, currency="EUR"))
    one.see(event(11 * SECOND, name="add_to_cart"))
    start, update = one.records
    assert deltas(start) == {"sessions": 1, "events": 1, "page_views": 1, "bounces": 1}
    assert deltas(update) == {
        "events": 3,
        "searches": 1,
        "carts": 1,
        "orders": 1,
        "order_value": 2.5,
        "duration_ms": 11 * SECOND,
        "engaged": 1,
        "bounces": -1,
    }
    assert (update.session_id, update.session_index, update.is_ended) == (start.session_id, 1, False)


def test_a_gap_ends_the_session_before_and_begins_the_next() -> None:
    one = OneVisitor()
    one.see(event(0), event(1), event(IDLE + 2))
    assert brief(one.records) == [("start", 1, 1), ("end", 2, 2), ("start", 1, 1)]
    _, ended, second = one.records
    assert (ended.is_ended, ended.end_reason, second.session_index, second.is_ended) == (True, "idle", 2, False)


def test_a_late_event_in_a_session_that_is_over_corrects_it() -> None:
    one = OneVisitor()
    one.see(event(0), event(10 * MINUTE))
    one.move(HOUR)
    one.new_records()
    one.see(event(5 * MINUTE, name="search"))
    (correction,) = one.records
    assert brief(one.records) == [("correction", 4, 3)]
    assert (correction.is_ended, deltas(correction)) == (True, {"events": 1, "searches": 1})


def test_a_repeated_event_corrects_nothing() -> None:
    one = OneVisitor()
    one.see(event(0), event(10 * MINUTE))
    one.move(HOUR)
    one.new_records()
    assert one.see(event(0))[0].is_repeated
    assert one.records == []


def test_a_late_event_corrects_only_the_session_that_it_changes() -> None:
    one = OneVisitor()
    places = one.see(event(0), event(HOUR), event(2 * HOUR))
    one.move(3 * HOUR)
    one.new_records()
    (place,) = one.see(event(HOUR + MINUTE))
    assert place.session_id == places[1].session_id
    assert [(each.session_id, each.kind) for each in one.records] == [(place.session_id, "correction")]


def test_an_event_behind_the_end_but_within_the_idle_time_reopens_the_session() -> None:
    """The watermark stands between: the session was over, and is not any more."""
    one = OneVisitor()
    one.see(event(0))
    one.move(IDLE + 1)
    one.watermark = T + IDLE - MINUTE
    one.new_records()
    one.see(event(20 * MINUTE))
    (reopened,) = one.new_records()
    assert brief([reopened]) == [("correction", 3, 2)]
    assert (reopened.is_ended, reopened.end_reason) == (False, None)
    assert one.sessions.due(one.visitor) == T + 20 * MINUTE + IDLE + 1
    one.move(20 * MINUTE + IDLE + 1)
    (again,) = one.records
    assert (again.kind, again.version, again.is_ended, deltas(again)) == ("end", 4, True, {})


def test_a_late_event_that_leaves_the_session_over_corrects_it_and_does_not_reopen_it() -> None:
    one = OneVisitor()
    one.see(event(0))
    one.move(2 * HOUR)
    one.new_records()
    one.see(event(20 * MINUTE))
    (correction,) = one.records
    assert (correction.kind, correction.is_ended, correction.end_reason) == ("correction", True, "idle")


def test_two_sessions_that_a_late_event_joins_are_one_and_the_other_one_names_it() -> None:
    one = OneVisitor()
    first, second = one.see(event(0), event(50 * MINUTE))
    one.move(2 * HOUR)
    one.new_records()
    (joined,) = one.see(event(25 * MINUTE))
    assert (joined.session_id, joined.number, joined.seconds_since_last) == (first.session_id, 3, None)
    correction, gone = one.records
    assert (correction.kind, correction.session_id, correction.events) == ("correction", first.session_id, 3)
    assert (gone.kind, gone.session_id, gone.superseded_by) == ("superseded", second.session_id, first.session_id)
    assert (gone.events, gone.event_counts, gone.entry_page, deltas(gone)["sessions"]) == (0, None, None, -1)


def test_a_session_that_begins_again_has_a_higher_version_than_when_it_was_superseded() -> None:
    """A late event moves its start over the edge of a window; then that event goes to another visitor."""
    one = OneVisitor(limits=Limits(update_ms=0))
    one.see(event(10 * MINUTE))
    (moved,) = one.see(event(-MINUTE))
    gone = one.new_records()[-1]
    assert (gone.kind, gone.version) == ("superseded", 2)
    one.sessions.give_away(one.visitor, lambda each: each.tstamp < T, moved.session_id, one.watermark, one.records)
    again = one.records[0]
    assert (again.session_id, again.version, again.kind, again.delta_sessions) == (gone.session_id, 3, "start", 1)


def test_an_older_session_that_opens_late_has_a_higher_index_and_is_a_correction() -> None:
    one = OneVisitor()
    one.see(event(2 * HOUR))
    one.move(3 * HOUR)
    one.new_records()
    (place,) = one.see(event(0))
    assert (place.session_index, place.number, place.seconds_since_last) == (2, 1, None)
    (opened,) = one.records
    assert (opened.kind, opened.version, opened.is_ended, opened.delta_sessions) == ("correction", 1, True, 1)


def test_forgetting_takes_back_every_number_of_open_and_closed_sessions() -> None:
    one = OneVisitor()
    one.see(event(0, name="order", amount=1_000, currency="EUR", page="/p", user="u"), event(MINUTE), event(HOUR))
    before = one.new_records()
    gone = forget(one.visitor)
    assert [(each.kind, each.end_reason, each.is_ended) for each in gone] == [
        ("correction", "opted_out", True),
        ("end", "opted_out", True),
    ]
    for record in gone:
        content = msgspec.to_builtins(record)
        left = {name for name in content if not name.startswith("delta_")}
        assert left == {
            "schema",
            "session_id",
            "version",
            "kind",
            "visitor_id",
            "visitor_kind",
            "session_index",
            "start_tstamp",
            "end_tstamp",
            "is_ended",
            "end_reason",
        }
    for name in ("sessions", *_TOTALS, "engaged", "bounces"):
        assert sum(getattr(each, f"delta_{name}") for each in [*before, *gone]) == 0
    assert (len(one.visitor.log), one.visitor.state.current, one.sessions.due(one.visitor)) == (0, None, 0)


@pytest.mark.slow
@given(st.lists(st.tuples(st.integers(0, 3 * HOUR), st.sampled_from(["order", "search", "page_view"])), min_size=1))
def test_each_version_is_the_one_before_and_the_differences(seen: list[tuple[int, str]]) -> None:
    one = OneVisitor()
    for number, (at, name) in enumerate(seen):
        one.see(event(at, number, name, amount=333, currency="EUR"))
    one.move(5 * HOUR)
    known: dict[str, SessionRecord] = {}
    for record in one.records:
        before = known.get(record.session_id)
        assert record.version == (1 if before is None else before.version + 1)
        for name in _TOTALS:
            past = 0 if before is None else getattr(before, name)
            assert abs(getattr(record, f"delta_{name}") - (getattr(record, name) - past)) < 1e-9
        known[record.session_id] = record
