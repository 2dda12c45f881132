"""What features keep of a visitor, and the view of a visitor that they work on."""

from typing import Final

import msgspec

from applications.behaviour.events.visitor_key import VisitorKey
from applications.behaviour.sessions.state import SessionsState
from core.features.state import EntityState, unpack

BROWSER: Final = 1
SESSION: Final = 2


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

    __slots__ = ("changed", "key", "sessions", "state", "timer")

    def __init__(self, key: VisitorKey, state: FeaturesState, sessions: SessionsState) -> None:
        self.key = key
        self.state = state
        self.sessions = sessions
        self.changed: dict[int, EntityState] = {}
        """States that were changed by what the job does at the moment, unpacked."""
        self.timer = 0
        """When the clock's timer fires that was set for what waits; 0: none is known to be set."""

    def end(self) -> None:
        """Nothing is kept any more."""
        self.set(FeaturesState())

    def set(self, kept: FeaturesState) -> None:
        """Keeps that. In place, because the visitor's value has the same object."""
        for field in FeaturesState.__struct_fields__:
            setattr(self.state, field, getattr(kept, field))

    def note_session(self) -> None:
        """From now on the states are of the session that is the newest one."""
        state, current = self.state, self.sessions.current
        if current is None:
            state.session_id, state.session_start, state.session_end, state.shares_minute = "", 0, 0, False
        else:
            state.session_id, state.session_start, state.session_end = current.session_id, current.start, current.end


def opened(packed: bytes) -> EntityState:
    """To be changed, and packed again. A new one of no bytes.

    Keeping it unpacked in memory was not faster: with thousands of visitors its dicts are in no cache of the processor.
    """
    return unpack(packed) if packed else EntityState()
