"""The one place where an outcome becomes counters, an observed latency and rows for Flink."""

from collections.abc import Callable, Sequence
from typing import Protocol, assert_never

from pyflink.common import Row

from common.flink.metrics import Counter, EmissionLatency, MetricGroup
from common.flink.output_record import OutputRecord
from common.flink.side_outputs import Output, RecordRow, as_row
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

    def write(
        self, outcome: Outcome, _raw: bytes, collector_tstamp: int, _first_seen_ns: int, now_ms: int, /
    ) -> Sequence[Output]:
        """Count the outcome and return its rows, for Flink to emit together.

        The second parameter is the raw record and the fourth the time at which the job first saw it; both are for
        spans. Times are ms since 1970 UTC, but the fourth, which is in ns.
        """
        return self._written(outcome, now_ms - collector_tstamp, as_row)

    def flush(self) -> None:
        """Hand to Flink what was counted since the last call."""
        self._counters.flush()
        self._latency.flush()

    def _written(self, outcome: Outcome, latency_ms: int, row_of: Callable[[OutputRecord], Row]) -> Sequence[Output]:
        count = self._count
        outputs: Sequence[Output]
        if isinstance(outcome, Enriched):  # nearly every event: a match would try its cases one by one
            count("events_enriched")
            if outcome.is_partial:
                count("events_partial")
            if outcome.is_repaired:
                count("events_repaired")
            self._latency.observe(latency_ms)
            if outcome.tombstone is None:
                return [row_of(record) for record in outcome.records]
            count("events_suppressed")
            return [(SUPPRESSED, row_of(outcome.tombstone)), *map(row_of, outcome.records)]
        match outcome:
            case Pending():
                count("events_parked")
                outputs = ((PENDING, RecordRow([outcome.bucket, outcome.packed])),)
            case Failed():
                count("events_failed")
                if outcome.is_partial:
                    count("events_partial")
                outputs = ((FAILED, row_of(outcome.record)),)
            case Late():
                count("events_late")
                outputs = ((LATE, row_of(outcome.record)),)
            case Suppressed():
                count("events_suppressed")
                outputs = ((SUPPRESSED, row_of(outcome.tombstone)),)
            case NoRecipients():
                outputs = ()
            case _:
                assert_never(outcome)
        return outputs
