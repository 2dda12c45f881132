"""The one place where an outcome becomes counters, an observed latency and records for Flink."""

from typing import Protocol, assert_never

from common.flink.metrics import Counter, EmissionLatency, MetricGroup
from common.flink.record_batches import append_record
from common.flink.side_outputs import Output, RecordRow
from enrichment_job.metric_names import CounterName, Counters
from enrichment_job.output.outcomes import Enriched, Failed, Late, NoRecipients, Outcome, Pending, Suppressed
from enrichment_job.output.side_outputs import FAILED, LATE, PENDING, SUPPRESSED


class WriterGroup(Protocol):
    """The metric group of a function instance, as far as a writer needs it."""

    def counter(self, name: str) -> Counter: ...
    def add_group(self, name: str, extra: str) -> MetricGroup: ...


class OutcomeWriter:
    """Of one function instance. Where tracing is on, the worker runtime hands out
    :class:`enrichment_job.tracing.traced_outcome_writer.TracedOutcomeWriter` instead.
    """

    def __init__(self, group: WriterGroup, *names: CounterName) -> None:
        """``names``: the counters of all outcomes that this function can have."""
        self._counters = Counters(group, *names)
        self._count = self._counters.add
        self._latency = EmissionLatency(group)
        self._enriched: list[bytes] = []
        self._failed: list[bytes] = []
        self._late: list[bytes] = []
        self._suppressed: list[bytes] = []
        self._pending: list[Output] = []
        self._side_outputs = ((FAILED, self._failed), (LATE, self._late), (SUPPRESSED, self._suppressed))

    def write(self, outcome: Outcome, _raw: bytes, collector_tstamp: int, _first_seen_ns: int, now_ms: int, /) -> None:
        """Count the outcome, and keep its records for :meth:`take`.

        The second parameter is the raw record and the fourth the time at which the job first saw it; both are for
        spans. Times are ms since 1970 UTC, but the fourth, which is in ns.
        """
        self._written(outcome, now_ms - collector_tstamp, b"")

    def take(self) -> list[Output]:
        """What was written since the last call, for Flink to emit together: one batch for each output that has
        records, and the pending events.
        """
        outputs: list[Output] = []
        if self._enriched:
            outputs.append(b"".join(self._enriched))
            self._enriched.clear()
        for tag, parts in self._side_outputs:
            if parts:
                outputs.append((tag, b"".join(parts)))
                parts.clear()
        if self._pending:
            outputs += self._pending
            self._pending.clear()
        return outputs

    def flush(self) -> None:
        """Hand to Flink what was counted since the last call."""
        self._counters.flush()
        self._latency.flush()

    def _written(self, outcome: Outcome, latency_ms: int, headers: bytes) -> None:
        """:param headers: of each of its records."""
        count = self._count
        if isinstance(outcome, Enriched):  # nearly every event: a match would try its cases one by one
            count("events_enriched")
            if outcome.is_partial:
                count("events_partial")
            if outcome.is_repaired:
                count("events_repaired")
            self._latency.observe(latency_ms)
            for record in outcome.records:
                append_record(self._enriched, record, headers)
            if outcome.tombstone is not None:
                count("events_suppressed")
                append_record(self._suppressed, outcome.tombstone, headers)
            return
        match outcome:
            case Pending():
                count("events_parked")
                self._pending.append((PENDING, RecordRow([outcome.bucket, outcome.packed])))
            case Failed():
                count("events_failed")
                if outcome.is_partial:
                    count("events_partial")
                append_record(self._failed, outcome.record, headers)
            case Late():
                count("events_late")
                append_record(self._late, outcome.record, headers)
            case Suppressed():
                count("events_suppressed")
                append_record(self._suppressed, outcome.tombstone, headers)
            case NoRecipients():
                pass
            case _:
                assert_never(outcome)
