"""Keyed by entity: what events and erasures tell it in, records of its features out, and its state into the store."""

import gc
import time
from collections.abc import Sequence
from typing import cast

import msgspec
from pyflink.datastream import KeyedProcessFunction, RuntimeContext

from applications.features.config import Config
from applications.features.entities import ENTITIES
from applications.features.entity_states import EntityStates
from applications.features.feature_file import features_of
from applications.features.kept import Kept, pack_kept, unpack_kept
from applications.features.messages import Counted, ToEntity, decode
from applications.features.metric_names import GAUGES, CounterName, Counters, Gauges
from applications.features.records import FeatureRecords, erasing_record
from applications.features.store.gauges import StoreGauges
from applications.features.store.opening import open_store
from common.flink.fault_guard import FaultGuard
from common.flink.output_record import ErasingRecord, OutputRecord
from common.flink.packed_states import Format, PackedStates
from common.flink.record_batches import make_batch
from contracts.lookup_api.features import redis_key
from core.features.model import EntityName
from core.packing import UnknownFormatError

_FORMAT: Format[Kept] = Format(Kept.new, pack_kept, unpack_kept)
_GC_THRESHOLDS = (50_000, 50, 100)
"""What is held in memory has no cycles: looking through all of it would cost microseconds an event."""
_RETRY_MS = 60_000
"""When a timer that met a bug fires again."""
_OUTCOMES: dict[str, CounterName] = {
    "counted": "contributions_counted",
    "repeated": "contributions_repeated",
    "erased": "contributions_erased",
}
_Record = OutputRecord | ErasingRecord


class StoreClosedError(Exception):
    """The store took nothing, because the task was cancelled while it waited."""


_STOP = (UnknownFormatError, StoreClosedError)
"""No record's fault: the task must not go on."""


class Keep(KeyedProcessFunction):
    def __init__(self, config: Config, features: str) -> None:
        """:param features: the text of their file."""
        self._config, self._text = config, features

    def open(self, runtime_context: RuntimeContext) -> None:
        features, config = features_of(self._text), self._config
        self._states = PackedStates(
            runtime_context, "entity", _FORMAT, mirrored=config.job.mirrored_entities, days=None
        )
        self._rules = EntityStates(features, publish_ms=config.features.publish_ms, most_ids=config.features.most_ids)
        self._records = FeatureRecords(features, with_values=config.features.publish_values)
        group = runtime_context.get_metrics_group()
        self._counters = Counters(
            group,
            *_OUTCOMES.values(),
            "messages_unreadable",
            "events_failed",
            "entities_published",
            "entities_erased",
            "entities_expired",
        )
        self._gauges = Gauges(group, *GAUGES)
        self._guard, self._failed_key = FaultGuard(), ""
        self._opened = open_store(
            runtime_context,
            job=config.job.group_id,
            redis_url=config.features.redis_url,
            waiting=config.features.waiting,
            kafka=config.kafka,
            features=features,
            entities=ENTITIES,
        )
        self._store = None if self._opened is None else self._opened.store
        self._store_gauges = None if self._store is None else StoreGauges(group, self._store)
        gc.set_threshold(*_GC_THRESHOLDS)

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()

    def process_element(self, value: bytes, ctx: KeyedProcessFunction.Context) -> Sequence[bytes]:
        try:
            message = decode(value)
        except msgspec.MsgspecError as error:  # a bug: it is the job's own message
            self._guard.log(error)
            self._counters.add("messages_unreadable")
            return ()
        # To ask Flink for the key takes 2 µs.
        key, now = f"{message.entity}:{message.entity_id}", time.time_ns() // 1_000_000
        try:
            records = self._received(key, message, now, ctx)
        except _STOP:
            raise
        except Exception as error:  # a bug: the message counts for nothing
            self._failed(key, error)
            records = []
        else:
            self._guard.in_a_row = 0
        return self._sent(records, now)

    def on_timer(self, timestamp: int, ctx: KeyedProcessFunction.OnTimerContext) -> Sequence[bytes]:
        key: str = ctx.get_current_key()
        try:
            records = self._at_time(key, timestamp, ctx)
        except _STOP:
            raise
        except Exception as error:  # a bug
            self._failed(key, error)
            ctx.timer_service().register_processing_time_timer(timestamp + _RETRY_MS)
            records = []
        return self._sent(records, time.time_ns() // 1_000_000)

    def _received(self, key: str, message: ToEntity, now: int, ctx: KeyedProcessFunction.Context) -> list[_Record]:
        kept, entity = self._states.get(key), message.entity
        records: list[_Record] = []
        if isinstance(message, Counted):
            outcome = self._rules.count(kept, message, now)
            self._counters.add(_OUTCOMES[outcome])
            if outcome != "counted":
                return records
            waited = kept.own.publish_at
            if self._rules.may_publish(kept, now):
                records.append(self._record(entity, message.entity_id, kept, now))
            elif not waited:
                ctx.timer_service().register_processing_time_timer(kept.own.publish_at)
        elif self._rules.erase(kept, message.at, now):
            self._counters.add("entities_erased")
            records.append(erasing_record(entity, message.entity_id, now))
        if expiry := self._rules.next_expiry(entity, kept):
            ctx.timer_service().register_processing_time_timer(expiry)
        self._states.put(key, kept)
        if isinstance(message, Counted):
            self._put(entity, message.entity_id, kept)
        else:  # also where it is told again: Redis may have been set back to a copy that has it
            self._erase(entity, message.entity_id)
        return records

    def _at_time(self, key: str, timer: int, ctx: KeyedProcessFunction.OnTimerContext) -> list[_Record]:
        kept, (entity, entity_id) = self._states.get(key), _parts(key)
        if self._rules.must_expire(entity, kept, timer):
            self._states.clear(key)
            self._counters.add("entities_expired")
            if kept.is_empty:  # only the time of an erasure
                return []
            self._erase(entity, entity_id)
            return [erasing_record(entity, entity_id, timer)]
        records: list[_Record] = []
        if self._rules.is_record_due(kept, timer):
            records.append(self._record(entity, entity_id, kept, timer))
            # Once more: what the store was given by a process that was killed is in the topic, or it waits for this.
            self._put(entity, entity_id, kept)
        if expiry := self._rules.next_expiry(entity, kept):
            ctx.timer_service().register_processing_time_timer(expiry)
        self._states.put(key, kept)
        return records

    def _record(self, entity: EntityName, entity_id: str, kept: Kept, now: int) -> OutputRecord:
        self._counters.add("entities_published")
        return self._records.record(entity, entity_id, kept.state, kept.packed_state, now)

    def _put(self, entity: EntityName, entity_id: str, kept: Kept) -> None:
        if self._store is None:
            return
        if not self._store.put(redis_key(entity, entity_id), kept.state.newest, kept.packed_state):
            raise StoreClosedError

    def _erase(self, entity: EntityName, entity_id: str) -> None:
        if self._store is not None and not self._store.erase(redis_key(entity, entity_id)):
            raise StoreClosedError

    def _failed(self, key: str, error: Exception) -> None:
        """What was made of the entity in memory is forgotten: the state decides."""
        self._states.drop(key)
        self._counters.add("events_failed")
        if key == self._failed_key:
            self._guard.in_a_row -= 1  # one entity's state alone does not restart the job
        self._failed_key = key
        self._guard.note(error)

    def _sent(self, records: list[_Record], now: int) -> Sequence[bytes]:
        if self._counters.tick(now):
            self._counters.flush()
            self._gauges.set("mirror_entities", len(self._states))
            if self._store_gauges is not None:
                self._store_gauges.set()
        return (make_batch(records),) if records else ()


def _parts(key: str) -> tuple[EntityName, str]:
    """What the key was made of; an entity has no colon in its name."""
    entity, _, entity_id = key.partition(":")
    return cast("EntityName", entity), entity_id
