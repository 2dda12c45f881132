"""What sessions keep of a visitor, and the view of a visitor that they work on."""

import msgspec

from applications.behaviour.events.event_log import EventLog
from applications.behaviour.events.visitor_key import VisitorKey
from applications.behaviour.sessions.facts import Facts
from applications.behaviour.sessions.publication import Published


class SessionsState(msgspec.Struct, array_like=True, gc=False):
    """The part of sessions in the visitor's packed value. Packed as a list; new fields come last and have defaults."""

    current: Facts | None = None
    """The newest session."""
    published: Published | None = None
    """Of the newest session."""
    closed: bytes = b""
    """The earlier sessions that can still be corrected, packed: they are seldom needed."""
    superseded: dict[str, int] = {}
    """Session → version of its last record, so that one that begins again has a higher one."""
    begun: int = 0
    """Sessions since the visitor's state began."""
    sealed_until: int = -1
    """Events up to here are no longer kept, so that an event up to here can change nothing."""
    is_dirty: bool = False
    """Whether the sessions must be made anew from the events."""


class VisitorSessions:
    """A visitor's sessions while the job works on them."""

    __slots__ = ("key", "log", "state")

    def __init__(self, key: VisitorKey, state: SessionsState, log: EventLog) -> None:
        self.key = key
        self.state = state
        self.log = log


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Published]).decode


def closed_sessions(state: SessionsState) -> list[Published]:
    """In the order of time."""
    return read_closed(state.closed)


def read_closed(closed: bytes) -> list[Published]:
    """Of :attr:`SessionsState.closed`, which may have changed since."""
    return _decode(closed) if closed else []


def known_sessions(state: SessionsState) -> list[Published]:
    """The closed ones and the newest one, in the order of time."""
    closed = closed_sessions(state)
    return closed if state.published is None else [*closed, state.published]


def keep_closed(state: SessionsState, sessions: list[Published]) -> None:
    state.closed = _encode(sessions) if sessions else b""
