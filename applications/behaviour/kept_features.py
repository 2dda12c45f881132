"""The features of the operator: their rules, and the store that gets what they change. No Flink."""

import time
from collections.abc import Sequence

from applications.behaviour.config import Config
from applications.behaviour.features.features import Features
from applications.behaviour.features.outbox import Outbox
from applications.behaviour.features.state import VisitorFeatures
from applications.behaviour.metric_names import Count
from applications.features.store.gauges import StoreGauges
from applications.features.store.job_store import SubtaskStore
from common.flink.metrics import DistributionGroup
from common.flink.output_record import ErasingRecord, OutputRecord
from contracts.lookup_api.features import redis_key
from core.features.model import FeatureSet


class StoreClosedError(Exception):
    """The store took nothing, because the task was cancelled while it waited."""


class KeptFeatures:
    def __init__(
        self, declared: FeatureSet, config: Config, count: Count, opened: SubtaskStore | None, group: DistributionGroup
    ) -> None:
        """:param opened: the store; None: none is written."""
        sessions = config.sessions
        self._outbox = Outbox()
        self.rules = Features(
            declared,
            self._outbox,
            now_ms,
            count,
            cap_ms=sessions.cap_ms,
            idle_ms=sessions.idle_ms,
            publish_ms=config.features.publish_ms,
            publish_values=config.features.publish_values,
        )
        self._opened = opened
        self._store = None if opened is None else opened.store
        self._gauges = None if opened is None else StoreGauges(group, opened.store)

    def timer(self, visitor: VisitorFeatures) -> int:
        """When a timer of the clock is to be set for what waits to be published; 0: none is needed."""
        due = self.rules.publication_due(visitor)
        if due == visitor.timer:
            return 0
        visitor.timer = due
        return due

    def send(self) -> Sequence[OutputRecord | ErasingRecord]:
        """The store gets what has changed; waits while it is full. Call it when the state is written.

        :returns: what the topic gets.
        :raises StoreClosedError: see there.
        """
        for entity, entity_id, newest_ms, packed in self._outbox.take_changes():
            if self._store is not None:
                key = redis_key(entity, entity_id)
                is_taken = self._store.erase(key) if packed is None else self._store.put(key, newest_ms, packed)
                if not is_taken:
                    raise StoreClosedError
        return self._outbox.take_records()

    def discard(self) -> None:
        self._outbox.clear()

    def measure(self) -> None:
        if self._gauges is not None:
            self._gauges.set()

    def close(self) -> None:
        """Leaves the store, which other subtasks of the process may use."""
        if self._opened is not None:
            self._opened.close()


def now_ms() -> int:
    return time.time_ns() // 1_000_000
