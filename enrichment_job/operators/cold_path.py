"""Cold path: events wait in Flink's state until their lookups have results or their time is over.

Each bucket has its events in keyed list state, a mirror of them in memory, and one timer while it is not empty. After a
restore the timers fire, find no mirror, read the state, and start the lookups again with a new deadline.
"""

import time
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field

from pyflink.common import Types
from pyflink.datastream import KeyedProcessFunction, RuntimeContext
from pyflink.datastream.state import ListStateDescriptor

from common.flink.side_outputs import Output
from core.flat_event import BadRow, FlatEvent
from core.flatten import flatten
from core.lookups.counts import Counts
from core.lookups.enrichment_lookup import PendingResults
from enrichment_job import runtime
from enrichment_job.metric_names import Counters, Gauges
from enrichment_job.operators.fault_guard import FaultGuard
from enrichment_job.operators.pending_events import PendingEvent, unpack
from enrichment_job.output.outcomes import Failed, Outcome
from enrichment_job.runtime import RuntimeConfig


@dataclass(slots=True)
class _Waiting:
    """A pending event: as it lies in state, unpacked, and parsed with its results as far as they are known."""

    packed: bytes
    pending: PendingEvent
    parsed: tuple[FlatEvent, PendingResults] | BadRow
    deadline: float

    def is_ready(self, now: float) -> bool:
        return now >= self.deadline or isinstance(self.parsed, BadRow) or self.parsed[1].is_complete


@dataclass(slots=True)
class _Bucket:
    waiting: list[_Waiting] = field(default_factory=list)
    checked_at: int = -1
    """The number of completed batches when this bucket was last checked."""


class ColdPath(KeyedProcessFunction):
    """Pending events in, keyed by bucket; batches of enriched or partial records out; FAILED and SUPPRESSED as side
    outputs.
    """

    def __init__(self, config: RuntimeConfig) -> None:
        self._config = config
        self._tick_ms = config.lookup.tick_ms
        self._deadline_s = config.lookup.deadline_ms / 1000

    def open(self, runtime_context: RuntimeContext) -> None:
        # The state's name stays "parked": savepoints know it by that.
        self._state = runtime_context.get_list_state(ListStateDescriptor("parked", Types.PICKLED_BYTE_ARRAY()))
        self._buckets: dict[int, _Bucket] = {}
        self._runtime = runtime.acquire(self._config)
        self._engine = self._runtime.engine
        self._lookup = self._runtime.enrichment_lookup
        self._consent, self._routing = self._runtime.consent, self._runtime.routing
        self._emitter = self._runtime.emitter
        group = runtime_context.get_metrics_group()
        self._writer = self._runtime.outcome_writer(
            group,
            "cold",
            "events_enriched",
            "events_partial",
            "events_repaired",
            "events_failed",
            "events_suppressed",
        )
        self._count = Counters(
            group, "lookup_requests", "lookup_keys_asked", "lookup_keys_broken", "lookup_keys_dropped"
        )
        self._counted = Counts()
        self._gauges = Gauges(group, "parked_now", "lookup_request_ms")
        self._pending_now = 0
        self._guard = FaultGuard()

    def close(self) -> None:
        runtime.release(self._runtime)

    def process_element(self, value: bytes, ctx: KeyedProcessFunction.Context) -> Sequence[Output]:
        pending = unpack(value)
        bucket = self._bucket(pending.bucket)
        if not bucket.waiting:
            self._set_timer(ctx)
        bucket.waiting.append(self._start_waiting(value, pending))
        bucket.checked_at = -1
        self._pending_now += 1
        self._state.add(value)
        return ()

    def on_timer(self, timestamp: int, ctx: KeyedProcessFunction.OnTimerContext) -> Sequence[Output]:
        bucket = self._bucket(ctx.get_current_key())
        now = time.monotonic()
        completed_batches = self._lookup.completed_batches
        # No batch was completed since the last check and no deadline is over: the bucket need not be gone through.
        if bucket.checked_at != completed_batches or (bucket.waiting and bucket.waiting[0].deadline <= now):
            bucket.checked_at = completed_batches
            ready: list[_Waiting] = []
            still_waiting: list[_Waiting] = []
            for each in bucket.waiting:  # checked once each: meanwhile another thread completes lookups
                (ready if each.is_ready(now) else still_waiting).append(each)
            if ready:
                bucket.waiting = still_waiting
                self._leave(bucket, ready)
        self._gauges.set("parked_now", self._pending_now)
        if bucket.waiting:
            self._set_timer(ctx)
        return self._writer.take()

    def _leave(self, bucket: _Bucket, ready: list[_Waiting]) -> None:
        if bucket.waiting:
            self._state.update([each.packed for each in bucket.waiting])
        else:
            self._state.clear()
        self._pending_now -= len(ready)
        now_ms = time.time_ns() // 1_000_000
        for each in ready:
            pending = each.pending
            first_seen_ns = pending.etl_tstamp * 1_000_000
            self._writer.write(self._outcome(each), pending.raw, pending.collector_tstamp, first_seen_ns, now_ms)
        self._flush()

    def _outcome(self, waiting: _Waiting) -> Outcome:
        if isinstance(waiting.parsed, BadRow):
            return self._rejected(waiting.pending, waiting.parsed)
        event, results = waiting.parsed
        fields = event.fields
        try:
            opted_out = self._consent.of_event(fields)  # as it is now: it may have changed while the event waited
            outcome = self._emitter.enriched(
                event,
                self._lookup.resolve(results, event, time.monotonic()),
                opted_out,
                self._routing.recipients(fields.event_name, opted_out=opted_out is not None),
            )
        except Exception as error:  # a bug
            return self._rejected(waiting.pending, self._guard.rejection(error))
        self._guard.in_a_row = 0
        return outcome

    def _rejected(self, pending: PendingEvent, reason: BadRow) -> Failed:
        opted_out = self._consent.of_bad_record(pending.raw)
        return self._emitter.rejected(pending.raw, reason, pending.collector_tstamp, pending.etl_tstamp, opted_out)

    def _set_timer(self, ctx: KeyedProcessFunction.Context) -> None:
        ctx.timer_service().register_processing_time_timer(time.time_ns() // 1_000_000 + self._tick_ms)

    def _bucket(self, key: int) -> _Bucket:
        """The bucket's mirror. At the first access after a start it is read from the state."""
        bucket = self._buckets.get(key)
        if bucket is None:
            packed_events = self._state.get()
            bucket = _Bucket([self._start_waiting(packed, unpack(packed)) for packed in packed_events])
            self._buckets[key] = bucket
            self._pending_now += len(bucket.waiting)
        return bucket

    def _start_waiting(self, packed: bytes, pending: PendingEvent) -> _Waiting:
        now = time.monotonic()
        event: FlatEvent | BadRow
        try:
            event = flatten(
                pending.raw,
                pending.collector_tstamp,
                pending.etl_tstamp,
                self._runtime.events_with_attributes,
            )
            if not isinstance(event, BadRow):
                parsed = event, self._lookup.get_or_pending(event, now)
                return _Waiting(packed, pending, parsed, now + self._deadline_s)
        except Exception as error:  # a bug
            event = self._guard.rejection(error)
        # The state of a version with a wider schema than this one's, or a bug: it leaves at the next tick, as failed.
        return _Waiting(packed, pending, event, now)

    def _flush(self) -> None:
        now, before = copy(self._engine.counts), self._counted
        self._counted = now
        self._count.add("lookup_requests", now.requests - before.requests)
        self._count.add("lookup_keys_asked", now.keys_asked - before.keys_asked)
        self._count.add("lookup_keys_broken", now.keys_broken - before.keys_broken)
        self._count.add("lookup_keys_dropped", now.keys_dropped - before.keys_dropped)
        self._count.flush()
        self._writer.flush()
        self._gauges.set("lookup_request_ms", now.last_request_ms)
