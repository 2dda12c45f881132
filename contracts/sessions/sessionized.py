"""An event as it passes the session: all fields of the purpose ``behaviour``, and its place in the session.

The stamp says what was known when the event passed. A later event can move a boundary; then the records of
:mod:`contracts.sessions.records` say so, and the stamped event stays as it is.
"""

from typing import Any, Literal

import msgspec

from contracts.purposes.model import Purpose
from contracts.purposes.typed_views import purpose_type

VisitorKind = Literal["browser", "account"]
"""Whose session it is: a browser's, or that of an account of which no browser is known."""


class Stamp(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is added to the event."""

    visitor_id: str
    visitor_kind: VisitorKind
    session_id: str
    session_index: int
    """1 for the visitor's first session since its state began. An older session that opens later has a higher one."""
    session_event_number: int
    """So many events the session has with this one. 0 for a repeated event, which does not count."""
    session_is_first: bool
    session_seconds_since_last: float | None = None
    """Since the session's last event; absent for the first one, and for one that came out of order."""
    session_is_repeated: bool = False
    """An event with this id has passed before. No session counts it twice."""


class TooLate(msgspec.Struct, frozen=True, kw_only=True):
    """What is added to an event that is in no session, mostly because it came too late."""

    session_reason: Literal["lateness", "state_limit", "internal"]
    """lateness: behind the watermark by more than sessions can be corrected; state_limit: the visitor's events of that
    time are no longer kept, because there were too many; internal: the job has a bug that this event meets."""
    watermark_tstamp: int
    lateness_ms: int


def with_fields(purpose: Purpose, added: type[msgspec.Struct], name: str) -> type[msgspec.Struct]:
    """The type of an event of ``purpose`` with the fields of ``added``."""
    parts = (purpose_type(purpose), added)
    fields: list[Any] = [
        (field.name, field.type) if field.required else (field.name, field.type, field.default)
        for part in parts
        for field in msgspec.structs.fields(part)
    ]
    return msgspec.defstruct(name, fields, frozen=True, kw_only=True, omit_defaults=True)
