"""What features keep of a visitor, and the view of a visitor that they work on."""

from typing import Final

import msgspec

from applications.behaviour.events.visitor_key import VisitorKey
from applications.behaviour.sessions.state import SessionsState
from core.features.state import EntityState, pack, unpack

BROWSER: Final = 1
SESSION: Final = 2
MINUTES: Final = 4


class FeaturesState(msgspec.Struct, array_like=True, gc=False):
    """The part of features in a visitor's packed value. Packed as a list; new fields come last and have defaults.

    States of entities are kept packed: so one that was not changed costs nothing, and the store and Flink's state get
    the same bytes. Times in ms since 1970 UTC.
    """

    browser: bytes = b""
    """The browser's state, as the store has it; empty: no event counts for it."""
    newest: int = 0
    """Time of the newest event in it."""
    minutes: bytes = b""
    """A state with what each minute has for the features of sessions: a session that is made anew is merged from it."""
    session: bytes = b""
    """The state of the current session, as the store has it; empty: no event counts for it."""
    session_id: str = ""
    session_start: int = 0
    session_end: int = 0
    shares_minute: bool = False
    """Whether the session before it ends in the minute in which it begins."""
    published: int = 0
    """When the topic last got records of the visitor, by the job's clock."""
    waiting: int = 0
    """What has changed since: :data:`BROWSER`, :data:`SESSION`, or both."""


class VisitorFeatures:
    """A visitor's features while the job works on them."""

    __slots__ = ("_opened", "changed", "key", "sessions", "state", "timer")

    def __init__(self, key: VisitorKey, state: FeaturesState, sessions: SessionsState) -> None:
        self.key = key
        self.state = state
        self.sessions = sessions
        self.changed: dict[int, EntityState] = {}
        """States that were changed by what the job does at the moment, unpacked."""
        self._opened: dict[int, tuple[bytes, EntityState]] = {}
        self.timer = 0
        """When the clock's timer fires that was set for what waits; 0: none is known to be set."""

    def opened(self, what: int, packed: bytes) -> EntityState:
        """To be changed, and then packed by :meth:`closed`. A new one of no bytes.

        The one that was packed last is still there, so that a visitor in memory is not unpacked for each event. It is
        known by its very bytes: others are another state, whoever has set them.

        :param what: :data:`BROWSER`, :data:`SESSION` or :data:`MINUTES`.
        :param packed: what is kept of it.
        """
        known = self._opened.get(what)
        if known is not None and known[0] is packed:
            return known[1]
        return unpack(packed) if packed else EntityState()

    def closed(self, what: int, state: EntityState) -> bytes:
        """What is to be kept of it."""
        packed = pack(state)
        self._opened[what] = packed, state
        return packed

    def close(self) -> None:
        """Nothing stays unpacked."""
        self._opened = {}

    def end(self) -> None:
        """Nothing is kept any more."""
        self.close()
        for field in msgspec.structs.fields(FeaturesState):
            setattr(self.state, field.name, field.default)

    def note_session(self) -> None:
        """From now on the states are of the session that is the newest one."""
        state, current = self.state, self.sessions.current
        if current is None:
            state.session_id, state.session_start, state.session_end, state.shares_minute = "", 0, 0, False
        else:
            state.session_id, state.session_start, state.session_end = current.session_id, current.start, current.end
