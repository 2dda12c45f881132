"""Hot path: parse, validate, check lateness and consent, look in memory. It takes a batch of records in one call; each
record has an outcome of its own. An event whose lookups are all cached leaves here at once. Any other starts its
lookups and waits for them on the cold path (:mod:`enrichment_job.operators.cold_path`).
"""

import time
from collections.abc import Sequence
from typing import NamedTuple

from pyflink.datastream import ProcessFunction, RuntimeContext

from common.flink.record_batches import read_batch
from common.flink.side_outputs import Output
from common.flink.subtask import subtask_of
from core.flat_event import BadRow
from core.flatten import flatten
from enrichment_job import runtime
from enrichment_job.config import SourceConfig
from enrichment_job.consent.opt_out_gauges import OptOutGauges
from enrichment_job.metric_names import BREAKER, Counters, Gauges
from enrichment_job.operators.fault_guard import FaultGuard
from enrichment_job.operators.pending_events import own_buckets, pack
from enrichment_job.output.outcomes import Failed, Outcome, Pending
from enrichment_job.runtime import RuntimeConfig


class _Now(NamedTuple):
    """The time of a batch. The clocks are read once for all of its records: together they take a millisecond."""

    ms: int
    """Since 1970 UTC."""
    monotonic: float


class HotPath(ProcessFunction):
    """Batches of raw records in; batches of enriched records out; FAILED, LATE, SUPPRESSED, PENDING as side outputs."""

    def __init__(self, source: SourceConfig, config: RuntimeConfig, bucket_hashes: Sequence[int]) -> None:
        self._lateness = source.allowed_lateness_ms
        self._disorder = source.out_of_orderness_ms + source.allowed_lateness_ms
        self._config = config
        self._bucket_hashes = tuple(bucket_hashes)

    def open(self, runtime_context: RuntimeContext) -> None:
        self._buckets = own_buckets(self._bucket_hashes, *subtask_of(runtime_context))
        self._runtime = runtime.acquire(self._config)
        self._engine = self._runtime.engine
        self._lookup = self._runtime.enrichment_lookup
        self._consent, self._routing = self._runtime.consent, self._runtime.routing
        self._emitter = self._runtime.emitter
        self._with_attributes = self._runtime.events_with_attributes
        group = runtime_context.get_metrics_group()
        self._writer = self._runtime.outcome_writer(
            group,
            "hot",
            "events_enriched",
            "events_partial",
            "events_repaired",
            "events_parked",
            "events_failed",
            "events_late",
            "events_suppressed",
        )
        self._count = Counters(group, "lookup_keys", "lookup_cache_hits")
        self._keys, self._hits = self._lookup.keys, self._lookup.hits
        self._gauges = Gauges(group, "lookup_breaker")
        self._opt_out_gauges = OptOutGauges(group, self._runtime.suppression)
        self._guard = FaultGuard()
        self._newest = 0

    def close(self) -> None:
        runtime.release(self._runtime)

    def process_element(self, value: bytes, ctx: ProcessFunction.Context) -> Sequence[Output]:
        now_ns = time.time_ns()
        now = _Now(now_ns // 1_000_000, time.monotonic())
        guard, write = self._guard, self._writer.write
        outcome: Outcome
        for collector_tstamp, raw in read_batch(value):
            if collector_tstamp > self._newest:  # noqa: PLR1730  # a call of max() costs more
                self._newest = collector_tstamp
            try:
                outcome = self._outcome(raw, collector_tstamp, now, ctx)
            except Exception as error:  # a bug
                outcome = self._rejected(raw, guard.rejection(error), collector_tstamp, now.ms)
            else:
                if guard.in_a_row:
                    guard.in_a_row = 0
            write(outcome, raw, collector_tstamp, now_ns, now.ms)
        if self._count.tick(now.ms):
            self._flush()
        return self._writer.take()

    def _outcome(self, value: bytes, collector_tstamp: int, now: "_Now", ctx: ProcessFunction.Context) -> Outcome:
        now_ms = now.ms
        event = flatten(value, collector_tstamp, now_ms, self._with_attributes)
        if isinstance(event, BadRow):
            return self._rejected(value, event, collector_tstamp, now_ms)
        fields = event.fields
        opted_out = self._consent.of_event(fields)
        # The watermark is behind the newest record by the disorder at least. So only an event behind that can be late,
        # and the JVM, which knows the watermark, is hardly ever asked.
        if (
            collector_tstamp < self._newest - self._disorder
            and (watermark := self._passed_by(collector_tstamp, ctx)) is not None
        ):
            return self._emitter.late(event, watermark, opted_out)
        recipients = self._routing.recipients(fields.event_name, opted_out=opted_out is not None)
        if not recipients:
            # No purpose accepts this event, so no lookup is started.
            return self._emitter.without_recipients(event, opted_out)
        results = self._lookup.get_cached(event, now.monotonic)
        if results is not None:
            return self._emitter.enriched(event, results, opted_out, recipients)
        self._gauges.set("lookup_breaker", BREAKER[self._engine.breaker.state(now.monotonic)])
        bucket = self._buckets[self._engine.counts.batches % len(self._buckets)]
        return Pending(bucket, pack(bucket, collector_tstamp, now_ms, value))

    def _rejected(self, value: bytes, reason: BadRow, collector_tstamp: int, now_ms: int) -> Failed:
        return self._emitter.rejected(value, reason, collector_tstamp, now_ms, self._consent.of_bad_record(value))

    def _passed_by(self, collector_tstamp: int, ctx: ProcessFunction.Context) -> int | None:
        """The watermark, where the event is late."""
        watermark: int = ctx.timer_service().current_watermark()
        return watermark if collector_tstamp < watermark - self._lateness else None

    def _flush(self) -> None:
        lookup = self._lookup
        self._count.add("lookup_keys", lookup.keys - self._keys)
        self._count.add("lookup_cache_hits", lookup.hits - self._hits)
        self._keys, self._hits = lookup.keys, lookup.hits
        self._count.flush()
        self._writer.flush()
        self._opt_out_gauges.flush()
