"""Counters that can be asked what they counted for the event in hand, and so what became of it."""

from common.flink.metrics import MetricGroup
from enrichment_job.metric_names import CounterName, Counters


class NotedCounters(Counters):
    def __init__(self, group: MetricGroup, *names: CounterName) -> None:
        super().__init__(group, *names)
        self.noted: set[CounterName] = set()

    def add(self, name: CounterName, n: int = 1) -> None:
        self.noted.add(name)
        super().add(name, n)
