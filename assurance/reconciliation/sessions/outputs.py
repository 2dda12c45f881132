"""Reads what the job behaviour read and wrote. Kept are counts, and each session's newest record."""

from collections import Counter
from dataclasses import dataclass, field

import msgspec

from common.kafka.topic_reader import read_whole
from contracts.fixed_topics import SESSIONIZED, SESSIONS, SESSIONS_LATE
from contracts.sessions.records import SessionRecord
from contracts.topics import BEHAVIOUR_EVENTS

TOPICS = (BEHAVIOUR_EVENTS, SESSIONIZED, SESSIONS, SESSIONS_LATE)


class _Event(msgspec.Struct, frozen=True):
    event_id: str
    event_name: str
    user_id: str | None = None
    domain_userid: str | None = None
    session_is_repeated: bool = False


class Sums(msgspec.Struct):
    """Of all records' deltas."""

    sessions: int = 0
    events: int = 0
    page_views: int = 0
    engaged: int = 0
    bounces: int = 0
    duration_ms: int = 0


@dataclass
class SessionOutputs:
    read: Counter[str] = field(default_factory=Counter)
    """Event id → events of the purpose that name a browser or an account."""
    without_visitor: int = 0
    sessionized: Counter[str] = field(default_factory=Counter)
    """Event id → stamped events, repeated ones among them."""
    repeated: int = 0
    names: Counter[str] = field(default_factory=Counter)
    """Event name → stamped events that are no repetition."""
    late: Counter[str] = field(default_factory=Counter)
    newest: dict[str, SessionRecord] = field(default_factory=dict)
    """Session → its record with the highest version."""
    records: Counter[str] = field(default_factory=Counter)
    """Session → records."""
    corrected: set[str] = field(default_factory=set)
    deltas: Sums = field(default_factory=Sums)

    def add(self, topic: str, value: bytes) -> None:
        if topic == SESSIONS.name:
            self._add_record(_read_record(value))
            return
        event = _read_event(value)
        if topic == SESSIONIZED.name:
            self.sessionized[event.event_id] += 1
            if event.session_is_repeated:
                self.repeated += 1
            else:
                self.names[event.event_name] += 1
        elif topic == SESSIONS_LATE.name:
            self.late[event.event_id] += 1
        elif event.user_id is None and event.domain_userid is None:
            self.without_visitor += 1
        else:
            self.read[event.event_id] += 1

    def _add_record(self, record: SessionRecord) -> None:
        name, deltas = record.session_id, self.deltas
        self.records[name] += 1
        if name not in self.newest or record.version > self.newest[name].version:
            self.newest[name] = record
        if record.kind == "correction":
            self.corrected.add(name)
        deltas.sessions += record.delta_sessions
        deltas.events += record.delta_events
        deltas.page_views += record.delta_page_views
        deltas.engaged += record.delta_engaged
        deltas.bounces += record.delta_bounces
        deltas.duration_ms += record.delta_duration_ms


_read_event = msgspec.json.Decoder(_Event).decode
_read_record = msgspec.json.Decoder(SessionRecord).decode


def read_outputs(bootstrap: str) -> SessionOutputs:
    """Everything that is committed.

    :raises common.kafka.topic_reader.TopicUnavailable: if a topic cannot be read.
    """
    found = SessionOutputs()
    for message in read_whole(bootstrap, [topic.name for topic in TOPICS], isolation="read_committed"):
        found.add(message.topic(), message.value() or b"{}")
    return found
