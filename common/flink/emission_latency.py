"""How long events are on their way, from the collector to their emission: a histogram as Prometheus wants it.

Flink has no histogram with buckets. But a counter in a group of key ``le`` gets the label ``le`` from its Prometheus
reporter, and counters that count cumulatively are a histogram: ``histogram_quantile`` works on them.
"""

from bisect import bisect_left
from typing import Protocol

from common.flink.counters import Counter, MetricGroup

BOUNDS_MS = (5, 10, 20, 50, 75, 100, 150, 200, 300, 500, 1_000, 2_000, 5_000, 30_000, 300_000)
NAME = "event_emitted_seconds_bucket"


class _ParentGroup(Protocol):
    def add_group(self, name: str, extra: str) -> MetricGroup: ...


class EmissionLatency:
    """Of one function instance; Flink's label ``operator_name`` tells hot and cold path apart."""

    def __init__(self, group: _ParentGroup) -> None:
        labels = [*(f"{bound / 1000:g}" for bound in BOUNDS_MS), "+Inf"]
        self._buckets: list[Counter] = [group.add_group("le", label).counter(NAME) for label in labels]
        self._pending = [0] * len(labels)

    def observe(self, ms: int) -> None:
        self._pending[bisect_left(BOUNDS_MS, ms)] += 1

    def flush(self) -> None:
        below = 0
        for bucket, n in zip(self._buckets, self._pending, strict=True):
            below += n
            if below:
                bucket.inc(below)
        self._pending = [0] * len(self._pending)
