"""Metrics of a job's functions: counters, gauges, and the histogram of emission latency.

Values are collected in Python and handed to Flink in portions, because each call into the JVM costs a microsecond or
more. Which names a job has is its own affair: it gives its ``Literal`` of names as the type argument.
"""

from bisect import bisect_left
from typing import Generic, Protocol, TypeVar

_PORTION_MS = 100
EMISSION_BOUNDS_MS = (5, 10, 20, 50, 75, 100, 150, 200, 300, 500, 1_000, 2_000, 5_000, 30_000, 300_000)
EMISSION_NAME = "event_emitted_seconds_bucket"

NameT = TypeVar("NameT", bound=str)
"""The job's ``Literal`` of metric names."""


class Counter(Protocol):
    def inc(self, n: int = 1) -> None: ...


class MetricGroup(Protocol):
    def counter(self, name: str) -> Counter: ...


class _LabelledGroup(Protocol):
    def add_group(self, name: str, extra: str) -> MetricGroup: ...


class _Distribution(Protocol):
    def update(self, value: int) -> None: ...


class DistributionGroup(Protocol):
    def distribution(self, name: str) -> _Distribution: ...


class Counters(Generic[NameT]):
    """The counters of one function instance."""

    def __init__(self, group: MetricGroup, *names: NameT) -> None:
        self._counters = {name: group.counter(name) for name in names}
        self._pending: dict[NameT, int] = dict.fromkeys(names, 0)
        self._flush_at = 0

    def add(self, name: NameT, n: int = 1) -> None:
        self._pending[name] += n

    def tick(self, now_ms: int) -> bool:
        """Whether it is time to flush; call it after each event.

        True at most once in 100 ms, so that a fast stream is flushed in portions and a slow one after each event.
        """
        if now_ms < self._flush_at:
            return False
        self._flush_at = now_ms + _PORTION_MS
        return True

    def flush(self) -> None:
        for name, n in self._pending.items():
            if n:
                self._counters[name].inc(n)
                self._pending[name] = 0


class Gauges(Generic[NameT]):
    """The gauges of one function instance, set by the task's own thread; each begins at 0.

    PyFlink's ``gauge`` would call into the interpreter from the metric reporter's thread. Its ``distribution`` is, in
    thread mode, a gauge that keeps the last value.
    """

    def __init__(self, group: DistributionGroup, *names: NameT) -> None:
        self._gauges = {name: group.distribution(name) for name in names}
        self._last: dict[NameT, int] = {}
        for name in names:
            self.set(name, 0)

    def set(self, name: NameT, value: int) -> None:
        """Calls the JVM only when the value has changed."""
        if self._last.get(name) != value:
            self._last[name] = value
            self._gauges[name].update(value)


class EmissionLatency:
    """Time from the collector to the emission of an event, as a histogram in the form that Prometheus reads.

    Flink has no histogram with buckets. But its Prometheus reporter gives a counter in a group with the key ``le`` the
    label ``le``, and counters that count cumulatively are a histogram: ``histogram_quantile`` works on them. One for
    each function instance; Flink's label ``operator_name`` tells the functions apart.
    """

    def __init__(self, group: _LabelledGroup) -> None:
        labels = [*(f"{bound / 1000:g}" for bound in EMISSION_BOUNDS_MS), "+Inf"]
        self._buckets: list[Counter] = [group.add_group("le", label).counter(EMISSION_NAME) for label in labels]
        self._pending = [0] * len(labels)

    def observe(self, ms: int) -> None:
        self._pending[bisect_left(EMISSION_BOUNDS_MS, ms)] += 1

    def flush(self) -> None:
        below = 0
        for bucket, n in zip(self._buckets, self._pending, strict=True):
            below += n
            if below:
                bucket.inc(below)
        self._pending = [0] * len(self._pending)
