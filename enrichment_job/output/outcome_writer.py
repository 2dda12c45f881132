"""The one place where an outcome becomes counters, an observed latency and records for Flink."""

from typing import Protocol, TypeAlias, assert_never

from common.flink.metrics import Counter, EmissionLatency, MetricGroup
from common.flink.output_record import OutputRecord
from common.flink.record_batches import RecordWithHeaders, make_batch
from common.flink.side_outputs import Output, RecordRow
from enrichment_job.metric_names import CounterName, Counters
from enrichment_job.output.outcomes import Enriched, Failed, Late, NoRecipients, Outcome, Pending, Suppressed
from enrichment_job.output.side_outputs import FAILED, LATE, PENDING, SUPPRESSED

_Records: TypeAlias = list[OutputRecord | RecordWithHeaders]


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
        self._enriched: _Records = []
        self._failed: _Records = []
        self._late: _Records = []
        self._suppressed: _Records = []
        self._pending: list[Output] = []
        self._side_outputs = ((FAILED, self._failed), (LATE, self._late), (SUPPRESSED, self._suppressed))

    def write(self, outcome: Outcome, _raw: bytes, collector_tstamp: int, _first_seen_ns: int, now_ms: int, /) -> None:
        """Count the outcome, and keep its records for :meth:`take`.

        The second parameter is the raw record and the fourth the time at which the job first saw it; both are for
        spans. Times are ms since 1970 UTC, but the fourth, which is in ns.
        """
        self._written(outcome, now_ms - collector_tstamp, None)

    def take(self) -> list[Output]:
        """What was written since the last call, for Flink to emit together: one batch for each output that has
        records, and the pending events.
        """
        outputs: list[Output] = []
        if self._enriched:
            outputs.append(make_batch(self._enriched))
            self._enriched.clear()
        for tag, records in self._side_outputs:
            if records:
                outputs.append((tag, make_batch(records)))
                records.clear()
        if self._pending:
            outputs += self._pending
            self._pending.clear()
        return outputs

    def flush(self) -> None:
        """Hand to Flink what was counted since the last call."""
        self._counters.flush()
        self._latency.flush()

    def _written(self, outcome: Outcome, latency_ms: int, headers: dict[str, bytes] | None) -> None:
        """:param headers: of each of its records."""
        if isinstance(outcome, Enriched):  # nearly every event: a match would try its cases one by one
            self._written_enriched(outcome, latency_ms, headers)
            return
        count = self._count
        match outcome:
            case Pending():
                count("events_parked")
                self._pending.append((PENDING, RecordRow([outcome.bucket, outcome.packed])))
            case Failed():
                count("events_failed")
                if outcome.is_partial:
                    count("events_partial")
                self._failed.append(_with(headers, outcome.record))
            case Late():
                count("events_late")
                self._late.append(_with(headers, outcome.record))
            case Suppressed():
                count("events_suppressed")
                self._suppressed.append(_with(headers, outcome.tombstone))
            case NoRecipients():
                pass
            case _:
                assert_never(outcome)

    def _written_enriched(self, outcome: Enriched, latency_ms: int, headers: dict[str, bytes] | None) -> None:
        count = self._count
        count("events_enriched")
        if outcome.is_partial:
            count("events_partial")
        if outcome.is_repaired:
            count("events_repaired")
        self._latency.observe(latency_ms)
        if headers is None:
            self._enriched += outcome.records
        else:
            self._enriched += [(*record, headers) for record in outcome.records]
        if outcome.tombstone is not None:
            count("events_suppressed")
            self._suppressed.append(_with(headers, outcome.tombstone))


def _with(headers: dict[str, bytes] | None, record: OutputRecord) -> OutputRecord | RecordWithHeaders:
    return record if headers is None else (*record, headers)
