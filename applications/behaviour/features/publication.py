"""Tells the store of each change at once, and the topic at most so often, with the last state in the end. Pure."""

from collections.abc import Callable
from typing import Final

from applications.behaviour.features.outbox import Outbox
from applications.behaviour.features.state import BROWSER, SESSION, FeaturesState, VisitorFeatures
from applications.features.records import FeatureRecords
from core.features.model import EntityName, FeatureSet
from core.features.state import EntityState, pack, unpack

_ENTITIES: Final[dict[int, EntityName]] = {BROWSER: "browser", SESSION: "session"}
_BITS: Final[dict[EntityName, int]] = {"browser": BROWSER, "session": SESSION}


class Publication:
    """For each call of the job: ``put`` and ``erase`` for what changes, then ``publish`` once."""

    def __init__(
        self,
        declared: FeatureSet,
        outbox: Outbox,
        clock: Callable[[], int],
        publish_ms: int,
        *,
        with_values: bool,
    ) -> None:
        self._records = FeatureRecords(declared, with_values=with_values)
        self._outbox, self._clock, self._publish_ms = outbox, clock, publish_ms

    def put(self, visitor: VisitorFeatures, what: int, state: EntityState) -> None:
        """A state of the visitor's that has changed, and is packed in what is kept of it."""
        kept = visitor.state
        packed = kept.browser if what == BROWSER else kept.session
        visitor.changed[what] = state
        kept.waiting |= what
        self._outbox.put(_ENTITIES[what], _id_of(visitor, what), state.newest, packed)

    def put_former(self, session_id: str, state: EntityState) -> None:
        """A session before the current one. It changes seldom, and is published at once."""
        packed, now = pack(state), self._clock()
        self._outbox.put("session", session_id, state.newest, packed)
        self._outbox.records.append(self._records.record("session", session_id, state, packed, now))

    def publish_former(self, visitor: VisitorFeatures, session_id: str, packed: bytes) -> None:
        """What still waits of the session that was the current one. Put once more, as in :meth:`publish`."""
        if visitor.state.waiting & SESSION:
            self.put_former(session_id, unpack(packed))

    def begin_anew(self, session_id: str) -> None:
        """The session's next state is older than the one before: a store that is filled from the topic would refuse
        it. The erasing record is made before that state, and after the one that it erases.
        """
        self._outbox.erase("session", session_id, self._clock() - 1)

    def erase(self, visitor: VisitorFeatures, entity: EntityName, entity_id: str) -> None:
        what = _BITS[entity]
        if entity == "browser" or entity_id == visitor.state.session_id:
            visitor.state.waiting &= ~what
            visitor.changed.pop(what, None)
        self._outbox.erase(entity, entity_id, self._clock())

    def publish(self, visitor: VisitorFeatures, *, is_last: bool = False) -> None:
        """Makes the records of what waits, if it is time, or if nothing comes any more.

        What changed in an earlier call is put once more: a process that was killed may not have written it, and whoever
        fills the store from the topic may have read that before this record was made.
        """
        kept = visitor.state
        if not kept.waiting:
            return
        changed, visitor.changed = visitor.changed, {}
        now = self._clock()
        if 0 <= now - kept.published < self._publish_ms and not is_last:  # below 0, the clock was set back
            return
        for what, entity in _ENTITIES.items():
            packed = kept.browser if what == BROWSER else kept.session
            if kept.waiting & what and packed:
                state, entity_id = changed.get(what) or unpack(packed), _id_of(visitor, what)
                self._outbox.records.append(self._records.record(entity, entity_id, state, packed, now))
                if what not in changed:
                    self._outbox.put(entity, entity_id, state.newest, packed)
        kept.published, kept.waiting = now, 0

    def due(self, kept: FeaturesState) -> int:
        return kept.published + self._publish_ms if kept.waiting else 0


def _id_of(visitor: VisitorFeatures, what: int) -> str:
    return visitor.key.id if what == BROWSER else visitor.state.session_id
