"""Counters of the job, as Flink metrics.

Counting is in Python and handed to Flink in portions: every call into the JVM costs a microsecond or more.
"""

from typing import Literal, Protocol

CounterName = Literal[
    "events_enriched",
    "events_parked",
    "events_failed",
    "events_late",
    "events_suppressed",
    "events_partial",
    "events_repaired",
    "lookup_keys",
    "lookup_cache_hits",
    "lookup_requests",
    "lookup_keys_asked",
    "lookup_keys_broken",
    "lookup_keys_dropped",
]
_PORTION_MS = 100


class Counter(Protocol):
    def inc(self, n: int = 1) -> None: ...


class MetricGroup(Protocol):
    def counter(self, name: str) -> Counter: ...


class Counters:
    """The counters of one function instance."""

    def __init__(self, group: MetricGroup, *names: CounterName) -> None:
        self._counters = {name: group.counter(name) for name in names}
        self._pending: dict[CounterName, int] = dict.fromkeys(names, 0)
        self._flush_at = 0

    def add(self, name: CounterName, n: int = 1) -> None:
        self._pending[name] += n

    def tick(self, now_ms: int) -> bool:
        """To be called after each event: says now and then, on a slow stream always, that it is time to flush."""
        if now_ms < self._flush_at:
            return False
        self._flush_at = now_ms + _PORTION_MS
        return True

    def flush(self) -> None:
        for name, n in self._pending.items():
            if n:
                self._counters[name].inc(n)
                self._pending[name] = 0
