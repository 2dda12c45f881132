"""What a message and the passing of time do to an entity's state. Pure."""

from typing import Literal, TypeAlias

from applications.features.kept import Kept
from applications.features.messages import Counted
from applications.features.seen_ids import note
from core.features.model import HOUR_MS, EntityName, FeatureSet
from core.features.state import Contribution, EntityState, add, drop_old

Outcome: TypeAlias = Literal["counted", "repeated", "erased"]


class EntityStates:
    """Of one file of features. Every instant is in ms since 1970 UTC; ``now`` is the job's clock."""

    def __init__(self, features: FeatureSet, *, publish_ms: int, most_ids: int) -> None:
        """:param publish_ms: between two records of an entity, at least; 0: every change has its record.
        :param most_ids: of the newest events, which an entity knows again.
        """
        self._features = {entity: features.of(entity) for entity in features.entities}
        self._by_id = {each.id: each for each in features.features}
        self._ttl_ms = {name: each.ttl_ms for name, each in features.entities.items()}
        self._publish_ms, self._most_ids = publish_ms, most_ids

    def ttl_ms(self, entity: EntityName) -> int:
        """0 for an entity that the file does not have any more."""
        return self._ttl_ms.get(entity, 0)

    def count(self, kept: Kept, message: Counted, now: int) -> Outcome:
        """Adds an event, unless it was counted already or is of a time that was erased."""
        own, state, at = kept.own, kept.state, message.at
        if at <= own.erased:
            return "erased"
        if message.event and not note(own.seen, message.event, at, self._most_ids):
            return "repeated"
        ttl_ms = self._ttl_ms[message.entity]
        # Every event of a gap of more than the time to live begins the state anew; the rest of it is cleaning up.
        if at // HOUR_MS > state.newest // HOUR_MS or at - state.newest > ttl_ms:
            drop_old(state, self._features[message.entity], ttl_ms, at)
        add(state, at, [Contribution(self._by_id[feature], value) for feature, value in message.told])
        kept.note_change()
        own.changed = now
        return "counted"

    def erase(self, kept: Kept, at: int, now: int) -> bool:
        """Whether there is something new about it: an opt-out is told again whenever the job behaviour starts."""
        own = kept.own
        is_new = not (kept.is_empty and own.erased)
        own.erased = max(own.erased, at)
        if is_new:
            kept.state = EntityState()
            kept.note_change()
            own.seen, own.changed = {}, now
        return is_new

    def may_publish(self, kept: Kept, now: int) -> bool:
        """Whether a change has its record at once. Else a timer is needed at ``publish_at``, which is set."""
        own = kept.own
        if own.publish_at:
            return False
        if not 0 <= now - own.published < self._publish_ms:  # also where the clock was set back
            own.published = now
            return True
        own.publish_at = own.published + self._publish_ms
        return False

    def is_record_due(self, kept: Kept, timer: int) -> bool:
        """At a timer: whether the record of the changes since the last one is to be made."""
        own = kept.own
        if not own.publish_at or timer < own.publish_at:
            return False
        own.publish_at, own.published = 0, timer
        return not kept.is_empty

    def must_expire(self, entity: EntityName, kept: Kept, timer: int) -> bool:
        """At a timer: whether the entity is to be forgotten, because it did not change for its whole time to live, or
        because the file has no such entity any more.

        By the job's clock, as in Redis: a log of last year that is replayed has its features for a while, too.
        """
        own = kept.own
        if entity not in self._ttl_ms:
            return True
        if not own.expire_at or timer < own.expire_at:
            return False
        own.expire_at = 0
        return own.changed + self.ttl_ms(entity) <= timer

    def next_expiry(self, entity: EntityName, kept: Kept) -> int:
        """For when a timer is to be set; 0: one is."""
        own = kept.own
        if own.expire_at:
            return 0
        due = own.changed + self.ttl_ms(entity)
        own.expire_at = due - due % HOUR_MS + HOUR_MS
        return own.expire_at
