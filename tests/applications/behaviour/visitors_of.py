"""A visitor in memory, and what a reader makes of the records of its sessions."""

from collections.abc import Iterable

import msgspec

from applications.behaviour.events.event_log import EventLog, LogIndex
from applications.behaviour.events.logged_event import LoggedEvent, short_id
from applications.behaviour.events.visitor_key import VisitorKey
from applications.behaviour.sessions.rules import SessionRules
from applications.behaviour.sessions.sessions import Limits, Place, Sessions
from applications.behaviour.sessions.state import SessionsState, VisitorSessions
from contracts.sessions.records import SessionRecord
from tests.applications.behaviour.reference import DAY, IDLE, Session

KEY = VisitorKey("browser", "b-1")
T = 1_700_000_000_000 // IDLE * IDLE
END = T + 10 * DAY


SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000


class MemoryChunks(dict[int, bytes]):
    def put(self, number: int, chunk: bytes) -> None:
        self[number] = chunk

    def remove(self, number: int) -> None:
        del self[number]


def visitor() -> VisitorSessions:
    return VisitorSessions(KEY, SessionsState(), EventLog(LogIndex(), MemoryChunks()))


def event(at: int, number: int | None = None, name: str = "page_view", **fields: object) -> LoggedEvent:
    """:param at: ms behind :data:`T`, which begins a window of the idle time.
    :param number: the id; None: one for each time.
    """
    plain = LoggedEvent(T + at, short_id(f"at {at}") if number is None else number, name)
    return msgspec.structs.replace(plain, **fields)


class OneVisitor:
    """A visitor with its records. The watermark stands where the test sets it."""

    def __init__(self, rules: SessionRules | None = None, limits: Limits | None = None) -> None:
        self.sessions = Sessions(rules or SessionRules(), limits or Limits())
        self.visitor = visitor()
        self.records: list[SessionRecord] = []
        self.watermark = 0

    def see(self, *events: LoggedEvent) -> list[Place]:
        places = []
        for each in events:
            place = self.sessions.see(self.visitor, each, self.watermark, self.records)
            assert isinstance(place, Place)
            places.append(place)
        return places

    def move(self, watermark: int) -> bool:
        """The timer at this watermark, in ms behind :data:`T`. Whether anything is still kept."""
        self.watermark = T + watermark
        return self.sessions.at_time(self.visitor, self.watermark, self.records)

    def new_records(self) -> list[SessionRecord]:
        """Those since the last call."""
        found, self.records = self.records, []
        return found


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
