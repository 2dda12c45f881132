"""The one operator: keyed by visitor, a record in, a batch of records out.

What a key keeps is one packed value, and chunks of its events. Each task also holds the values of the visitors that it
saw last unpacked in memory, and writes a changed one to the state in the same call; so reading from the state, which
costs most with RocksDB, is seldom needed. Flink runs each function instance in one thread.
"""

import gc
import time
from collections.abc import Sequence

import msgspec
from pyflink.common import Types
from pyflink.datastream import KeyedProcessFunction, RuntimeContext
from pyflink.datastream.state import MapStateDescriptor, ValueStateDescriptor

from applications.behaviour.config import Config
from applications.behaviour.events.behaviour_event import read_event
from applications.behaviour.features.features import ENTITIES
from applications.behaviour.kept_features import KeptFeatures
from applications.behaviour.metric_names import COUNTERS, GAUGES, Counters, Gauges
from applications.behaviour.opted_out import NewOptOuts
from applications.behaviour.sessions.sessions import Sessions
from applications.behaviour.visitors import output
from applications.behaviour.visitors.behaviour import Behaviour, read
from applications.behaviour.visitors.kept import Kept
from applications.behaviour.visitors.links import Links
from applications.behaviour.visitors.messages import Forwarded, Message
from applications.behaviour.visitors.output import Record
from applications.features.feature_file import features_of
from applications.features.store.opening import open_store
from common.flink.fault_guard import FaultGuard
from common.flink.output_record import ErasingRecord, OutputRecord
from common.flink.record_batches import make_batch
from common.flink.subtask import subtask_of
from common.opt_outs.suppression import Suppression
from common.resilience.two_generation_cache import TwoGenerationCache
from core.features.source_events import BehaviourEvent

_GC_THRESHOLDS = (50_000, 50, 100)
_RETRY_MS = 60_000
"""When a timer that met a bug fires again."""
_RENEW_MS = 1_000
"""How long the sessions of a visitor with many events wait for more events that are out of order."""
_WATERMARK_S = 0.05
"""How old the known watermark may be. A lower one than Flink's only lets a session end later."""


class NotKeyedByVisitorError(Exception):
    """The policy keys the purpose in another way than the job does: its states would be mixed up."""


class ChunkState:
    """The chunks of the key on which the function works at the moment. Changes are written together with the key's
    value, or not at all.
    """

    def __init__(self, context: RuntimeContext) -> None:
        descriptor = MapStateDescriptor("events", Types.INT(), Types.PICKLED_BYTE_ARRAY())
        self._state = context.get_map_state(descriptor)
        self._changed: dict[int, bytes | None] = {}

    def get(self, number: int) -> bytes | None:
        if number in self._changed:
            return self._changed[number]
        found: bytes | None = self._state.get(number)
        return found

    def put(self, number: int, chunk: bytes) -> None:
        self._changed[number] = chunk

    def remove(self, number: int) -> None:
        self._changed[number] = None

    def write(self) -> None:
        for number, chunk in self._changed.items():
            if chunk is None:
                self._state.remove(number)
            else:
                self._state.put(number, chunk)
        self._changed.clear()

    def discard(self) -> None:
        self._changed.clear()


class BehaviourOperator(KeyedProcessFunction):
    def __init__(self, config: Config, features: str = "") -> None:
        """:param features: the text of their file; empty: none are kept."""
        self._config, self._features_text = config, features

    def open(self, runtime_context: RuntimeContext) -> None:
        """:raises RuntimeError: where the store of opt-outs cannot be read: no session may go on without it."""
        config = self._config
        self._value = runtime_context.get_state(ValueStateDescriptor("visitor", Types.PICKLED_BYTE_ARRAY()))
        self._chunks = ChunkState(runtime_context)
        self._mirror: TwoGenerationCache[Kept] = TwoGenerationCache(config.job.mirrored_visitors)
        group = runtime_context.get_metrics_group()
        self._counters = Counters(group, *COUNTERS)
        self._gauges = Gauges(group, *GAUGES)
        self._suppression: Suppression | None = None
        if config.privacy.suppression_redis_url:
            url = config.privacy.suppression_redis_url.reveal()
            self._suppression = Suppression(url, config.privacy.suppression_refresh_ms)
        subjects = () if self._suppression is None else self._suppression.subjects
        self._new_opt_outs = NewOptOuts(subjects, subtask_of(runtime_context))
        sessions = Sessions(config.sessions.rules(), config.sessions.limits())
        links = Links(config.sessions.idle_ms, config.sessions.lateness_ms)
        self._features: KeptFeatures | None = None
        if self._features_text:
            declared = features_of(self._features_text)
            opened = open_store(
                runtime_context,
                job=config.job.group_id,
                redis_url=config.features.redis_url,
                waiting=config.features.waiting,
                kafka=config.kafka,
                features=declared,
                entities=ENTITIES,
            )
            self._features = KeptFeatures(declared, config, self._counters.add, opened, group)
        rules = None if self._features is None else self._features.rules
        self._behaviour = Behaviour(sessions, links, self._counters.add, subjects, rules)
        self._watermark, self._watermark_until = 0, 0.0
        self._guard, self._failed_key = FaultGuard(), ""
        # What is held in memory has no cycles: looking through all of it took up to 9 µs an event.
        gc.set_threshold(*_GC_THRESHOLDS)

    def close(self) -> None:
        if self._suppression is not None:
            self._suppression.close()
        if self._features is not None:
            self._features.close()

    def process_element(self, value: bytes, ctx: KeyedProcessFunction.Context) -> Sequence[bytes]:
        now = time.monotonic()
        records = self._received(value, ctx, now)
        if self._suppression is not None:
            records += self._new_opt_outs.messages(now)
        if self._counters.tick(round(now * 1000)):
            self._flush()
        return (make_batch(records),) if records else ()

    def on_timer(self, timestamp: int, ctx: KeyedProcessFunction.OnTimerContext) -> Sequence[bytes]:
        key: str = ctx.get_current_key()
        # Events must not have a lower watermark than a timer had: what it has ended or forgotten would begin anew.
        self._watermark = ctx.timer_service().current_watermark()
        try:
            kept = self._mirror.get(key) or self._kept(key, ctx)
            if kept.next_timer <= self._watermark:
                kept.next_timer = 0
            # Most timers of the clock are for features alone.
            if kept.must_renew or 0 < self._behaviour.due(kept) <= self._watermark:
                records = self._behaviour.at_time(kept, self._watermark)
            else:
                records = self._behaviour.publish_features(kept, timestamp)
        except Exception as error:  # a bug
            self._note_failure(key, error)
            later = ctx.timer_service().current_processing_time() + _RETRY_MS
            ctx.timer_service().register_processing_time_timer(later)
            return ()
        records += self._keep(kept, ctx, may_be_due_sooner=True)
        if self._suppression is not None:
            records += self._new_opt_outs.messages(time.monotonic())
        self._flush()
        return (make_batch(records),) if records else ()

    def _received(self, value: bytes, ctx: KeyedProcessFunction.Context, now: float) -> list[Record]:
        try:
            found = read(value)
        except msgspec.MsgspecError as error:
            self._guard.log(error)
            self._counters.add("events_unreadable")
            return []
        # To ask Flink for the key takes 2 µs. An event has it, which is checked where its state is read.
        key = found.domain_userid or found.user_id if isinstance(found, BehaviourEvent) else ctx.get_current_key()
        if key is None:
            self._counters.add("events_without_visitor")
            return []
        if now >= self._watermark_until:
            self._watermark = ctx.timer_service().current_watermark()
            self._watermark_until = now + _WATERMARK_S
        try:
            kept = self._mirror.get(key) or self._kept(key, ctx)
            records = self._behaviour.take(kept, value, found, self._watermark)
        except NotKeyedByVisitorError:
            raise
        except Exception as error:  # a bug
            return self._failed(key, value, found, error)
        self._guard.in_a_row = 0
        return [*records, *self._keep(kept, ctx, may_be_due_sooner=len(records) > 1)]

    def _failed(self, key: str, value: bytes, found: BehaviourEvent | Message, error: Exception) -> list[Record]:
        """The event is in no session, and what was made of the visitor in memory is forgotten: the state decides."""
        self._note_failure(key, error)
        if isinstance(found, Forwarded):
            value, found = found.event, read_event(found.event)
        if isinstance(found, BehaviourEvent):
            return [output.without_session(value, found, key, "internal", self._watermark)]
        return []

    def _note_failure(self, key: str, error: Exception) -> None:
        self._chunks.discard()
        self._mirror.drop(key)
        if self._features is not None:
            self._features.discard()
        self._counters.add("events_failed")
        if key == self._failed_key:
            self._guard.in_a_row -= 1  # one visitor's state alone does not restart the job
        self._failed_key = key
        self._guard.note(error)

    def _kept(self, key: str, ctx: KeyedProcessFunction.Context) -> Kept:
        """What the state has of the key."""
        if ctx.get_current_key() != key:
            raise NotKeyedByVisitorError("the topic that the job reads must be keyed by the browser, else the account")
        kept = Kept(key, self._value.value(), self._chunks)
        self._mirror.put(key, kept)
        return kept

    def _keep(
        self, kept: Kept, ctx: KeyedProcessFunction.Context, *, may_be_due_sooner: bool
    ) -> Sequence[OutputRecord | ErasingRecord]:
        """Write what was changed, and set the timer where it is needed sooner than it would fire.

        :param may_be_due_sooner: false for an event that was only stamped: then no session began or ended.
        :returns: records of features.
        """
        if may_be_due_sooner or not kept.next_timer:
            due = self._behaviour.due(kept)
            if due and (not kept.next_timer or due < kept.next_timer):
                kept.next_timer = due
                ctx.timer_service().register_event_time_timer(due)
        if kept.must_renew:
            now = ctx.timer_service().current_processing_time()
            ctx.timer_service().register_processing_time_timer(now - now % _RENEW_MS + 2 * _RENEW_MS)
        if self._features is not None:
            for visitor in kept.visitors():
                if at := self._features.timer(visitor.features):
                    ctx.timer_service().register_processing_time_timer(at)
        self._chunks.write()
        packed = kept.packed()
        if packed is None:
            self._value.clear()
            self._mirror.drop(kept.key)
        else:
            self._value.update(packed)
        return () if self._features is None else self._features.send()

    def _flush(self) -> None:
        self._counters.flush()
        self._gauges.set("mirror_visitors", len(self._mirror))
        if self._features is not None:
            self._features.measure()
