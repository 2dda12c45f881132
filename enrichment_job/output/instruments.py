"""Instruments: what one function instance counts, measures and, where that is on, traces with."""

from typing import TYPE_CHECKING, Literal, Protocol

from common.flink.metrics import Counter, EmissionLatency, MetricGroup
from enrichment_job.metric_names import CounterName, Counters

if TYPE_CHECKING:
    from enrichment_job.tracing.event_traces import EventTraces
    from enrichment_job.tracing.job_tracing import JobTracing


class _Group(Protocol):
    def counter(self, name: str) -> Counter: ...
    def add_group(self, name: str, extra: str) -> MetricGroup: ...


class Instruments:
    def __init__(
        self, group: _Group, tracing: "JobTracing | None", path: Literal["hot", "cold"], *names: CounterName
    ) -> None:
        self.latency = EmissionLatency(group)
        self.count: Counters
        self.traces: EventTraces | None
        if tracing is None:
            self.count, self.traces = Counters(group, *names), None
        else:
            self.count, self.traces = tracing.of_function(group, path, *names)

    def flush(self) -> None:
        self.count.flush()
        self.latency.flush()
