"""What the job holds in memory of one key: the unpacked state, and its logs."""

import msgspec

from applications.behaviour.events.event_log import Chunks, EventLog
from applications.behaviour.events.visitor_key import VisitorKey
from applications.behaviour.features.state import VisitorFeatures
from applications.behaviour.sessions.state import VisitorSessions
from applications.behaviour.visitors.state import Keyed, VisitorState, new_state, pack, unpack
from contracts.sessions.sessionized import VisitorKind

_encode = msgspec.json.Encoder().encode
_ROLES: dict[VisitorKind, int] = {"browser": 0, "account": 1}


class _Chunks:
    """One visitor's chunks among those of the key."""

    __slots__ = ("_role", "_state")

    def __init__(self, state: Chunks, role: int) -> None:
        self._state, self._role = state, role

    def get(self, number: int) -> bytes | None:
        return self._state.get(2 * number + self._role)

    def put(self, number: int, chunk: bytes) -> None:
        self._state.put(2 * number + self._role, chunk)

    def remove(self, number: int) -> None:
        self._state.remove(2 * number + self._role)


class Visitor:
    """A browser or an account while the job works on it."""

    __slots__ = ("features", "json", "kafka_key", "key", "sessions", "state")

    def __init__(self, key: VisitorKey, state: VisitorState, chunks: _Chunks) -> None:
        self.key = key
        self.kafka_key = key.id.encode("utf-8", "surrogatepass")
        self.json = b'"visitor_id":%b,"visitor_kind":"%b"' % (_encode(key.id), key.kind.encode())
        """Its part of a stamp."""
        self.state = state
        self.sessions = VisitorSessions(key, state.sessions, EventLog(state.log, chunks))
        self.features = VisitorFeatures(key, state.features, state.sessions)


class Kept:
    """Everything of one key. ``chunks`` holds those of both of its visitors, of the key on which the job works now."""

    __slots__ = ("_chunks", "_keyed", "account", "browser", "key")

    def __init__(self, key: str, packed: bytes | None, chunks: Chunks) -> None:
        """:param packed: the key's value in the state; None: it has none."""
        self.key = key
        self._chunks = chunks
        self._keyed = keyed = Keyed() if packed is None else unpack(packed)
        self.browser = None if keyed.browser is None else self._visitor("browser", keyed.browser)
        self.account = None if keyed.account is None else self._visitor("account", keyed.account)

    def visitor(self, kind: VisitorKind, first_seen: int) -> Visitor:
        """The browser or account with this id, a new one if need be. It is as old as its oldest event."""
        found = self.browser if kind == "browser" else self.account
        if found is None:
            state = new_state(first_seen)
            found = self._visitor(kind, state)
            setattr(self._keyed, kind, state)
            setattr(self, kind, found)
        elif first_seen < found.state.first_seen:
            found.state.first_seen = first_seen
        return found

    def visitors(self) -> list[Visitor]:
        return [each for each in (self.browser, self.account) if each is not None]

    def remove(self, visitor: Visitor) -> None:
        visitor.sessions.log.replace(())
        setattr(self._keyed, visitor.key.kind, None)
        setattr(self, visitor.key.kind, None)

    def packed(self) -> bytes | None:
        """The key's value in the state; None: nothing is kept."""
        return None if self.browser is None and self.account is None else pack(self._keyed)

    @property
    def must_renew(self) -> bool:
        """Whether sessions must be made anew from their events, though no event of the visitor comes any more."""
        browser, account = self._keyed.browser, self._keyed.account
        return (browser is not None and browser.sessions.is_dirty) or (
            account is not None and account.sessions.is_dirty
        )

    @property
    def next_timer(self) -> int:
        """When the timer fires that was set last; 0: none."""
        return self._keyed.timer

    @next_timer.setter
    def next_timer(self, at: int) -> None:
        self._keyed.timer = at

    def _visitor(self, kind: VisitorKind, state: VisitorState) -> Visitor:
        return Visitor(VisitorKey(kind, self.key), state, _Chunks(self._chunks, _ROLES[kind]))
