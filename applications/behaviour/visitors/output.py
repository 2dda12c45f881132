"""The job's output records. Pure."""

from typing import Literal

import msgspec

from applications.behaviour.events.behaviour_event import BehaviourEvent
from applications.behaviour.events.visitor_key import VisitorKey
from applications.behaviour.sessions.sessions import Place, TooLateReason
from applications.behaviour.visitors.messages import Message, pack_message
from common.flink.output_record import ErasingRecord, OutputRecord
from contracts.fixed_topics import BEHAVIOUR_MESSAGES, IDENTITIES, SESSIONIZED, SESSIONS, SESSIONS_LATE
from contracts.sessions.identities import Identity
from contracts.sessions.records import SessionRecord
from contracts.sessions.sessionized import Stamp, TooLate

Record = OutputRecord | ErasingRecord
_encode = msgspec.json.Encoder().encode
_SESSIONIZED, _SESSIONS, _LATE = SESSIONIZED.name, SESSIONS.name, SESSIONS_LATE.name
_IDENTITIES, _MESSAGES = IDENTITIES.name, BEHAVIOUR_MESSAGES.name


def sessionized(value: bytes, event: BehaviourEvent, visitor: VisitorKey, place: Place) -> OutputRecord:
    """The event as it was read, with its stamp behind its own fields."""
    stamp = Stamp(
        visitor_id=visitor.id,
        visitor_kind=visitor.kind,
        session_id=place.session_id,
        session_index=place.session_index,
        session_event_number=place.number,
        session_is_first=place.number == 1,
        session_seconds_since_last=place.seconds_since_last,
        session_is_repeated=place.is_repeated,
    )
    return _SESSIONIZED, visitor.id.encode(), _extended(value, _encode(stamp)), event.collector_tstamp


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
