"""What the job holds in memory of one key: the unpacked state, and its logs."""

from typing import Protocol

from applications.behaviour.events.event_log import EventLog
from applications.behaviour.events.visitor_key import VisitorKey
from applications.behaviour.sessions.state import VisitorSessions
from applications.behaviour.visitors.state import Keyed, VisitorState, new_state, pack, unpack
from contracts.sessions.sessionized import VisitorKind

_ROLES: dict[VisitorKind, int] = {"browser": 0, "account": 1}


class ChunkState(Protocol):
    """The key's chunks in Flink's state, for both of its visitors."""

    def get(self, number: int) -> bytes | None: ...

    def put(self, number: int, chunk: bytes) -> None: ...

    def remove(self, number: int) -> None: ...


class _Chunks:
    """One visitor's chunks among those of the key."""

    __slots__ = ("_role", "_state")

    def __init__(self, state: ChunkState, role: int) -> None:
        self._state, self._role = state, role

    def get(self, number: int) -> bytes | None:
        return self._state.get(2 * number + self._role)

    def put(self, number: int, chunk: bytes) -> None:
        self._state.put(2 * number + self._role, chunk)

    def remove(self, number: int) -> None:
        self._state.remove(2 * number + self._role)


class Visitor:
    """A browser or an account while the job works on it."""

    __slots__ = ("key", "sessions", "state")

    def __init__(self, key: VisitorKey, state: VisitorState, chunks: _Chunks) -> None:
        self.key = key
        self.state = state
        self.sessions = VisitorSessions(key, state.sessions, EventLog(state.log, chunks))


class Kept:
    """Everything of one key. ``chunks`` must be that of the key on which the job works now."""

    __slots__ = ("_chunks", "_keyed", "_visitors", "key")

    def __init__(self, key: str, packed: bytes | None, chunks: ChunkState) -> None:
        """:param packed: the key's value in the state; None: it has none."""
        self.key = key
        self._keyed = Keyed() if packed is None else unpack(packed)
        self._chunks = chunks
        self._visitors: dict[VisitorKind, Visitor] = {}
        for kind in _ROLES:
            if (state := getattr(self._keyed, kind)) is not None:
                self._visitors[kind] = self._visitor(kind, state)

    def visitor(self, kind: VisitorKind, first_seen: int) -> Visitor:
        """The browser or account with this id, a new one if need be.

        :param first_seen: the time of an event of it. The earliest one stands, for events can come out of order.
        """
        found = self._visitors.get(kind)
        if found is None:
            state = new_state(first_seen)
            setattr(self._keyed, kind, state)
            found = self._visitors[kind] = self._visitor(kind, state)
        elif first_seen < found.state.first_seen:
            found.state.first_seen = first_seen
        return found

    def existing(self, kind: VisitorKind) -> Visitor | None:
        return self._visitors.get(kind)

    def visitors(self) -> list[Visitor]:
        return list(self._visitors.values())

    def remove(self, visitor: Visitor) -> None:
        visitor.sessions.log.replace(())
        setattr(self._keyed, visitor.key.kind, None)
        del self._visitors[visitor.key.kind]

    def packed(self) -> bytes | None:
        """The key's value in the state; None: nothing is kept."""
        return pack(self._keyed) if self._visitors else None

    @property
    def must_renew(self) -> bool:
        """Whether sessions must be made anew from their events, though no event of the visitor comes any more."""
        for visitor in self._visitors.values():  # noqa: SIM110  # a generator takes four times as long
            if visitor.state.sessions.is_dirty:
                return True
        return False

    @property
    def next_timer(self) -> int:
        """When the timer fires that was set last; 0: none."""
        return self._keyed.timer

    @next_timer.setter
    def next_timer(self, at: int) -> None:
        self._keyed.timer = at

    def _visitor(self, kind: VisitorKind, state: VisitorState) -> Visitor:
        return Visitor(VisitorKey(kind, self.key), state, _Chunks(self._chunks, _ROLES[kind]))
