"""Hot path: parse, validate, late?, look in memory; everything whose lookups are cached leaves here at once.

The rest starts its lookups and is parked for :mod:`enrichment_job.operators.cold_path`.
"""

import time
from collections.abc import Iterable, Sequence

from pyflink.datastream import ProcessFunction, RuntimeContext

from common.flink.side_outputs import PARKED, Output, RecordRow
from common.flink.subtask import subtask_of
from core.flat_event import BadRow
from core.flatten import flatten
from enrichment_job import runtime as stage
from enrichment_job.config import SourceConfig
from enrichment_job.consent.opt_out_gauges import OptOutGauges
from enrichment_job.metric_names import BREAKER, Gauges
from enrichment_job.operators.buckets import own_buckets
from enrichment_job.operators.fault_guard import FaultGuard
from enrichment_job.operators.pending_event import pack
from enrichment_job.output.emitter import Emitter
from enrichment_job.output.instruments import Instruments
from enrichment_job.runtime import RuntimeConfig


class HotPath(ProcessFunction):
    """Raw bytes in; enriched records out; FAILED, LATE, SUPPRESSED and PARKED as side outputs."""

    def __init__(self, source: SourceConfig, config: RuntimeConfig, bucket_hashes: Sequence[int]) -> None:
        self._lateness = source.allowed_lateness_ms
        self._disorder = source.out_of_orderness_ms + source.allowed_lateness_ms
        self._config = config
        self._bucket_hashes = tuple(bucket_hashes)

    def open(self, runtime_context: RuntimeContext) -> None:
        self._buckets = own_buckets(self._bucket_hashes, *subtask_of(runtime_context))
        self._stage = stage.acquire(self._config)
        group = runtime_context.get_metrics_group()
        self._instruments = Instruments(
            group,
            self._stage.tracing,
            "hot",
            "events_enriched",
            "events_partial",
            "events_repaired",
            "events_parked",
            "events_failed",
            "events_late",
            "events_suppressed",
            "lookup_keys",
            "lookup_cache_hits",
        )
        self._count = self._instruments.count
        self._levels = Gauges(group, "lookup_breaker")
        self._opt_outs = OptOutGauges(group, self._stage.suppression)
        self._newest = 0
        self._engine, self._desk = self._stage.engine, self._stage.desk
        self._keys, self._hits = self._desk.keys, self._desk.hits
        self._emit = Emitter(self._stage, self._instruments)
        self._guard = FaultGuard()

    def close(self) -> None:
        stage.release(self._stage)

    def process_element(self, value: bytes, ctx: ProcessFunction.Context) -> Iterable[Output]:
        collector: int = ctx.timestamp()
        if collector > self._newest:  # noqa: PLR1730  # a call of max() costs more
            self._newest = collector
        etl = time.time_ns() // 1_000_000
        try:
            # All at once: an event's records leave together, or none of them does.
            outputs = self._outputs(value, collector, etl, ctx)
        except Exception as error:  # a bug
            outputs = (self._emit.rejected(value, self._guard.rejection(error), collector, etl),)
        else:
            if self._guard.in_a_row:
                self._guard.in_a_row = 0
        yield from outputs
        if self._count.tick(etl):
            self._flush()

    def _outputs(self, value: bytes, collector: int, etl: int, ctx: ProcessFunction.Context) -> Sequence[Output]:
        emit = self._emit
        event = flatten(value, collector, etl)
        if isinstance(event, BadRow):
            return (emit.rejected(value, event, collector, etl),)
        # The watermark is behind the newest record by the disorder at least: only an event behind that can be late,
        # so that the JVM is asked for the watermark hardly ever.
        if collector < self._newest - self._disorder and (watermark := self._passed_by(collector, ctx)) is not None:
            return (emit.late(event, watermark),)
        opted_out = emit.opt_out(event.fields)  # once: a moment later the answer may be another
        takers = emit.takers(event.fields, opted_out)
        if not takers:
            # No purpose gets this event, so no lookup is started.
            return () if opted_out is None else (emit.suppressed(event, opted_out),)
        now = time.monotonic()
        answers = self._desk.look(event.fields, now)
        if answers is not None:
            return emit.enriched(event, answers, etl, opted_out, takers)
        self._count.add("events_parked")
        self._levels.set("lookup_breaker", BREAKER[self._engine.breaker.state(now)])
        bucket = self._buckets[self._engine.counts.batches % len(self._buckets)]
        return ((PARKED, RecordRow([bucket, pack(bucket, collector, etl, value)])),)

    def _passed_by(self, collector: int, ctx: ProcessFunction.Context) -> int | None:
        """The watermark, where the event is late."""
        watermark: int = ctx.timer_service().current_watermark()
        return watermark if collector < watermark - self._lateness else None

    def _flush(self) -> None:
        desk = self._desk
        self._count.add("lookup_keys", desk.keys - self._keys)
        self._count.add("lookup_cache_hits", desk.hits - self._hits)
        self._keys, self._hits = desk.keys, desk.hits
        self._instruments.flush()
        self._opt_outs.flush()


def hot_path(source: SourceConfig, config: RuntimeConfig, bucket_hashes: Sequence[int]) -> HotPath:
    """The function; where tracing is on, the one that traces as well."""
    if not config.tracing.is_on:
        return HotPath(source, config, bucket_hashes)
    from enrichment_job.tracing.traced_hot_path import TracedHotPath  # noqa: PLC0415  # the SDK is for those who trace

    return TracedHotPath(source, config, bucket_hashes)
