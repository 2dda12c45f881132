"""Hot path: parse, validate, late?, look in memory; everything whose lookups are cached leaves here at once.

The rest starts its lookups and is parked for :mod:`enrichment_job.cold_path`.
"""

import time
from collections.abc import Iterator, Sequence

from pyflink.common import Row
from pyflink.datastream import OutputTag, ProcessFunction, RuntimeContext

from contracts.lookup import Kind
from enrichment_job.buckets import own_buckets
from enrichment_job.config import LookupConfig, SourceConfig
from enrichment_job.emit import emit
from enrichment_job.enrich import NO_GEO, NO_LISTING, NO_USER
from enrichment_job.levels import BREAKER, Levels
from enrichment_job.lookups import shared
from enrichment_job.metrics import Counters
from enrichment_job.outcome import Answer, Answers, Rejected
from enrichment_job.outputs import FAILED, LATE, PARKED, as_row
from enrichment_job.parked import pack
from enrichment_job.prepare import prepare
from enrichment_job.purposes import Purpose
from enrichment_job.records import failed_record, late_record
from enrichment_job.subtask import subtask_of


class HotPath(ProcessFunction):
    """Raw bytes in; enriched records out; FAILED, LATE and PARKED as side outputs."""

    def __init__(
        self, source: SourceConfig, lookup: LookupConfig, purposes: Sequence[Purpose], bucket_hashes: Sequence[int]
    ) -> None:
        self._lateness = source.allowed_lateness_ms
        self._disorder = source.out_of_orderness_ms + source.allowed_lateness_ms
        self._lookup = lookup
        self._purposes = tuple(purposes)
        self._bucket_hashes = tuple(bucket_hashes)

    def open(self, runtime_context: RuntimeContext) -> None:
        self._buckets = own_buckets(self._bucket_hashes, *subtask_of(runtime_context))
        self._count = Counters(
            runtime_context.get_metrics_group(),
            "events_enriched",
            "events_partial",
            "events_parked",
            "events_failed",
            "events_late",
            "lookup_keys",
            "lookup_cache_hits",
        )
        self._levels = Levels(runtime_context.get_metrics_group(), "lookup_breaker")
        self._newest = 0
        self._engine = shared.acquire(self._lookup)

    def close(self) -> None:
        shared.release(self._engine)

    def process_element(self, value: bytes, ctx: ProcessFunction.Context) -> Iterator[Row | tuple[OutputTag, Row]]:
        count = self._count
        count.tick()
        collector: int = ctx.timestamp()
        etl = time.time_ns() // 1_000_000
        event = prepare(value, collector, etl)
        if isinstance(event, Rejected):
            count.add("events_failed")
            yield FAILED, as_row(failed_record(value, event, collector, etl))
            return

        # The watermark is behind the newest event by the disorder at least: only an event behind that can be
        # late, so that the JVM is asked for the watermark hardly ever.
        if collector > self._newest:
            self._newest = collector
        elif collector < self._newest - self._disorder:
            watermark: int = ctx.timer_service().current_watermark()
            if collector < watermark - self._lateness:
                count.add("events_late")
                yield LATE, as_row(late_record(event, watermark))
                return

        now = time.monotonic()
        geo = NO_GEO if event.ip is None else self._look("ip", event.ip, now)
        user = NO_USER if event.user is None else self._look("user", event.user, now)
        listing = NO_LISTING if event.listing is None else self._look("listing", event.listing, now)
        if geo is None or user is None or listing is None:
            count.add("events_parked")
            bucket = self._buckets[self._engine.batches % len(self._buckets)]
            yield PARKED, Row(bucket, pack(bucket, collector, etl, value))
            return
        yield from emit(self._purposes, count, event, Answers(geo, user, listing))

    def _look(self, kind: Kind, key: str, now: float) -> Answer | None:
        """The cached answer; else the lookup is started, and there is none yet unless it cannot be had."""
        self._count.add("lookup_keys")
        found = self._engine.cache[kind].get(key, now)
        if found is not None:
            self._count.add("lookup_cache_hits")
            return found
        self._levels.set("lookup_breaker", BREAKER[self._engine.breaker.state(now)])
        return self._engine.ask(kind, key, now).answer
