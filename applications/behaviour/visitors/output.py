"""The job's output records. Pure."""

from typing import Literal

import msgspec

from applications.behaviour.sessions.sessions import Place, TooLateReason
from applications.behaviour.visitors.kept import Visitor
from applications.behaviour.visitors.messages import Message, pack_message
from common.flink.output_record import ErasingRecord, OutputRecord
from contracts.fixed_topics import BEHAVIOUR_MESSAGES, IDENTITIES, SESSIONIZED, SESSIONS, SESSIONS_LATE
from contracts.sessions.identities import Identity
from contracts.sessions.records import SessionRecord
from contracts.sessions.sessionized import TooLate
from core.features.source_events import BehaviourEvent

Record = OutputRecord | ErasingRecord
_STAMPED = b'%b,%b,"session_id":"%b","session_index":%d,"session_event_number":%d,"session_is_first":%b%b%b}'
_encode = msgspec.json.Encoder().encode
_SESSIONIZED, _SESSIONS, _LATE = SESSIONIZED.name, SESSIONS.name, SESSIONS_LATE.name
_IDENTITIES, _MESSAGES = IDENTITIES.name, BEHAVIOUR_MESSAGES.name


def sessionized(value: bytes, event: BehaviourEvent, visitor: Visitor, place: Place) -> OutputRecord:
    """The event as it was read, with its stamp behind its own fields. A test shows that it is a
    :class:`contracts.sessions.sessionized.Stamp`; made from a template, because it is made for every event.
    """
    name, index, number, since, is_repeated = place
    stamped = _STAMPED % (
        value[:-1],
        visitor.json,
        name.encode(),
        index,
        number,
        b"true" if number == 1 else b"false",
        b"" if since is None else b',"session_seconds_since_last":%b' % repr(since).encode(),
        b',"session_is_repeated":true' if is_repeated else b"",
    )
    return _SESSIONIZED, visitor.kafka_key, stamped, event.collector_tstamp


def without_session(
    value: bytes, event: BehaviourEvent, visitor: str, reason: TooLateReason | Literal["internal"], watermark: int
) -> OutputRecord:
    """The event as it was read, with the reason why no session has it."""
    note = TooLate(session_reason=reason, watermark_tstamp=watermark, lateness_ms=watermark - event.derived_tstamp)
    return _LATE, visitor.encode(), _extended(value, _encode(note)), event.collector_tstamp


def session(record: SessionRecord) -> OutputRecord:
    return _SESSIONS, record.visitor_id.encode(), _encode(record), record.end_tstamp


def identity(record: Identity, tstamp: int) -> OutputRecord:
    return _IDENTITIES, record.user_id.encode(), _encode(record), tstamp


def no_identity(account: str, tstamp: int) -> ErasingRecord:
    """Erases what the compacted topic has of the account."""
    return _IDENTITIES, account.encode(), None, tstamp


def message(to: str, content: Message, tstamp: int) -> OutputRecord:
    return _MESSAGES, to.encode(), pack_message(content), tstamp


def _extended(value: bytes, addition: bytes) -> bytes:
    """Two JSON objects in one, without reading the first one again."""
    return b"%b,%b" % (value[:-1], addition[1:])
