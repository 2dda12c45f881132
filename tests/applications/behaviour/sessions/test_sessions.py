"""The sessions of a visitor, event by event, against the plain reference computation."""

from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from applications.behaviour.events.event_log import EventLog, LogIndex
from applications.behaviour.events.logged_event import LoggedEvent
from applications.behaviour.events.visitor_key import VisitorKey
from applications.behaviour.sessions.rules import SessionRules
from applications.behaviour.sessions.sessions import Limits, Place, Sessions
from applications.behaviour.sessions.state import SessionsState, VisitorSessions
from contracts.sessions.records import SessionRecord
from tests.applications.behaviour.reference import DAY, IDLE, Session, reference

KEY = VisitorKey("browser", "b-1")
T = 1_700_000_000_000 // IDLE * IDLE
END = T + 10 * DAY


class MemoryChunks(dict[int, bytes]):
    def put(self, number: int, chunk: bytes) -> None:
        self[number] = chunk

    def remove(self, number: int) -> None:
        del self[number]


def visitor() -> VisitorSessions:
    return VisitorSessions(KEY, SessionsState(), EventLog(LogIndex(), MemoryChunks()))


def final(records: Iterable[SessionRecord]) -> list[Session]:
    """What a reader has who keeps the highest version of each session and leaves out the superseded ones."""
    latest: dict[str, SessionRecord] = {}
    for record in records:
        known = latest.get(record.session_id)
        assert record.version == (1 if known is None else known.version + 1)
        latest[record.session_id] = record
    return in_order(_session(each) for each in latest.values() if each.kind != "superseded")


def in_order(sessions: Iterable[Session]) -> list[Session]:
    return sorted(sessions, key=lambda each: (each.start, each.end, each.id))


def _session(record: SessionRecord) -> Session:
    return Session(
        record.session_id,
        record.start_tstamp,
        record.end_tstamp,
        record.events,
        record.page_views,
        record.orders,
        record.order_value,
        record.entry_page,
        record.exit_page,
        record.is_engaged,
        tuple(sorted((record.event_counts or {}).items())),
    )


def assert_deltas_sum_up(records: list[SessionRecord]) -> None:
    sessions = final(records)
    assert sum(each.delta_sessions for each in records) == len(sessions)
    assert sum(each.delta_events for each in records) == sum(each.events for each in sessions)
    assert sum(each.delta_page_views for each in records) == sum(each.page_views for each in sessions)
    assert sum(each.delta_engaged for each in records) == sum(each.is_engaged for each in sessions)
    assert sum(each.delta_bounces for each in records) == sum(not each.is_engaged for each in sessions)
    assert sum(each.delta_duration_ms for each in records) == sum(each.end - each.start for each in sessions)
    assert abs(sum(each.delta_order_value for each in records) - sum(each.order_value for each in sessions)) < 1e-6


def run(
    events: Iterable[LoggedEvent], rules: SessionRules | None = None, limits: Limits | None = None
) -> list[SessionRecord]:
    """All records of the events in this order, with a watermark a second behind the newest event, and the end."""
    sessions = Sessions(rules or SessionRules(), limits or Limits())
    one, records, newest = visitor(), list[SessionRecord](), 0
    for event in events:
        newest = max(newest, event.tstamp)
        assert isinstance(sessions.see(one, event, newest - 1_000, records), Place)
        sessions.at_time(one, newest - 1_000, records)
    sessions.at_time(one, END - 7 * DAY, records)
    return records


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
