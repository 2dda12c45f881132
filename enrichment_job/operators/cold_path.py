"""Cold path: events wait in Flink's state until their lookups are answered or their time is over.

Each bucket has its events in keyed list state, a mirror of them in memory, and one timer while it is not empty.
After a restore the timers fire, find no mirror, read the state, and ask again with a new deadline.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field

from pyflink.common import Types
from pyflink.datastream import KeyedProcessFunction, RuntimeContext
from pyflink.datastream.state import ListStateDescriptor

from common.flink.side_outputs import Output
from contracts.events.enriched import EventFields
from core.flat_event import BadRow, EnrichmentResult, FlatEvent
from core.flatten import flatten
from core.lookups.counts import Counts
from core.lookups.pending_lookup import PendingLookup
from enrichment_job import runtime as stage
from enrichment_job.metric_names import Gauges
from enrichment_job.operators.fault_guard import FaultGuard
from enrichment_job.operators.pending_event import PendingEvent, unpack
from enrichment_job.output.emitter import Emitter
from enrichment_job.output.instruments import Instruments
from enrichment_job.runtime import RuntimeConfig


@dataclass(slots=True)
class _Waiting:
    """One parked event: as it lies in state, parsed, and the answers that it has or waits for."""

    packed: bytes
    parked: PendingEvent
    event: FlatEvent | BadRow
    answers: list[EnrichmentResult | PendingLookup]
    deadline: float

    def ready(self, now: float) -> bool:
        return now >= self.deadline or not any(
            isinstance(each, PendingLookup) and each.answer is None for each in self.answers
        )


@dataclass(slots=True)
class _Bucket:
    waiting: list[_Waiting] = field(default_factory=list)
    settled: int = -1
    """The engine's count of settled batches when this bucket was last looked through."""


class ColdPath(KeyedProcessFunction):
    """Parked events in, keyed by bucket; enriched or partial records out; FAILED and SUPPRESSED as side outputs."""

    def __init__(self, config: RuntimeConfig) -> None:
        self._config = config
        self._lookup = config.lookup

    def open(self, runtime_context: RuntimeContext) -> None:
        self._state = runtime_context.get_list_state(ListStateDescriptor("parked", Types.PICKLED_BYTE_ARRAY()))
        self._buckets: dict[int, _Bucket] = {}
        self._stage = stage.acquire(self._config)
        group = runtime_context.get_metrics_group()
        self._instruments = Instruments(
            group,
            self._stage.tracing,
            "cold",
            "events_enriched",
            "events_partial",
            "events_repaired",
            "events_failed",
            "events_suppressed",
            "lookup_requests",
            "lookup_keys_asked",
            "lookup_keys_broken",
            "lookup_keys_dropped",
        )
        self._count, self._traces = self._instruments.count, self._instruments.traces
        self._levels = Gauges(group, "parked_now", "lookup_request_ms")
        self._parked = 0
        self._counted = Counts()
        self._engine, self._desk = self._stage.engine, self._stage.desk
        self._emit = Emitter(self._stage, self._instruments)
        self._guard = FaultGuard()

    def close(self) -> None:
        stage.release(self._stage)

    def process_element(self, value: bytes, ctx: KeyedProcessFunction.Context) -> Iterator[Output]:
        key = unpack(value).bucket
        bucket = self._bucket(key)
        if not bucket.waiting:
            self._arm(ctx)
        bucket.waiting.append(self._wait(value))
        self._parked += 1
        bucket.settled = -1
        self._state.add(value)
        yield from ()

    def on_timer(self, timestamp: int, ctx: KeyedProcessFunction.OnTimerContext) -> Iterator[Output]:
        bucket = self._bucket(ctx.get_current_key())
        now = time.monotonic()
        settled = self._desk.settled
        # Nothing was answered since the last look and no deadline is over: not worth going through the bucket.
        if bucket.settled != settled or (bucket.waiting and bucket.waiting[0].deadline <= now):
            bucket.settled = settled
            ready: list[_Waiting] = []
            still: list[_Waiting] = []
            for waiting in bucket.waiting:  # asked once each: another thread answers meanwhile
                (ready if waiting.ready(now) else still).append(waiting)
            if ready:
                bucket.waiting = still
                yield from self._leave(bucket, ready)
        self._levels.set("parked_now", self._parked)
        if bucket.waiting:
            self._arm(ctx)

    def _leave(self, bucket: _Bucket, ready: list[_Waiting]) -> Iterator[Output]:
        if bucket.waiting:
            self._state.update([event.packed for event in bucket.waiting])
        else:
            self._state.clear()
        self._parked -= len(ready)
        now_ms = time.time_ns() // 1_000_000
        for waited in ready:
            outputs: Iterable[Output] = self._outputs(waited, now_ms)
            parked = waited.parked
            if self._traces is not None:
                outputs = self._traces.leaving(
                    parked.raw, parked.collector_tstamp, outputs, etl_tstamp=parked.etl_tstamp
                )
            yield from outputs
        self._flush()

    def _outputs(self, waited: _Waiting, now_ms: int) -> Iterator[Output]:
        event, parked = waited.event, waited.parked
        outputs: Sequence[Output] = ()
        if not isinstance(event, BadRow):
            try:
                answers = self._desk.answered(waited.answers, event.fields, time.monotonic())
                opted_out = self._emit.opt_out(event.fields)
                takers = self._emit.takers(event.fields, opted_out)
                outputs = self._emit.enriched(event, answers, now_ms, opted_out, takers)
                self._guard.in_a_row = 0
            except Exception as error:  # a bug
                event = self._guard.rejection(error)
        if isinstance(event, BadRow):
            outputs = (self._emit.rejected(parked.raw, event, parked.collector_tstamp, parked.etl_tstamp),)
        yield from outputs

    def _arm(self, ctx: KeyedProcessFunction.Context) -> None:
        ctx.timer_service().register_processing_time_timer(time.time_ns() // 1_000_000 + self._lookup.tick_ms)

    def _bucket(self, key: int) -> _Bucket:
        """The bucket's mirror; at the first touch after a start it is read from the state."""
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket([self._wait(packed) for packed in self._state.get()])
            self._parked += len(bucket.waiting)
        return bucket

    def _wait(self, packed: bytes) -> _Waiting:
        parked = unpack(packed)
        now = time.monotonic()
        event: FlatEvent | BadRow
        try:
            event = flatten(parked.raw, parked.collector_tstamp, parked.etl_tstamp)
            if not isinstance(event, BadRow):
                answers = self._ask(parked, event.fields, now)
                return _Waiting(packed, parked, event, answers, now + self._lookup.deadline_ms / 1000)
        except Exception as error:  # a bug
            event = self._guard.rejection(error)
        # Parked by a version with a wider schema than this one's: it leaves at the next tick, as failed.
        return _Waiting(packed, parked, event, [], now)

    def _ask(self, parked: PendingEvent, fields: EventFields, now: float) -> list[EnrichmentResult | PendingLookup]:
        if self._traces is None:
            return self._desk.wait(fields, now)
        return self._traces.asking(parked.raw, parked.collector_tstamp, lambda: self._desk.wait(fields, now))

    def _flush(self) -> None:
        now, before = copy(self._engine.counts), self._counted
        self._counted = now
        self._count.add("lookup_requests", now.requests - before.requests)
        self._count.add("lookup_keys_asked", now.keys_asked - before.keys_asked)
        self._count.add("lookup_keys_broken", now.keys_broken - before.keys_broken)
        self._count.add("lookup_keys_dropped", now.keys_dropped - before.keys_dropped)
        self._instruments.flush()
        self._levels.set("lookup_request_ms", now.last_request_ms)
