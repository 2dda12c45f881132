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
    "lookup_keys",
    "lookup_cache_hits",
    "lookup_requests",
    "lookup_keys_asked",
]
_FLUSH_EVERY = 256


class _Counter(Protocol):
    def inc(self, n: int = 1) -> None: ...


class _MetricGroup(Protocol):
    def counter(self, name: str) -> _Counter: ...


class Counters:
    """The counters of one function instance."""

    def __init__(self, group: _MetricGroup, *names: CounterName) -> None:
        self._counters = {name: group.counter(name) for name in names}
        self._pending: dict[CounterName, int] = dict.fromkeys(names, 0)
        self._since_flush = 0

    def add(self, name: CounterName, n: int = 1) -> None:
        self._pending[name] += n

    def tick(self) -> bool:
        """To be called once an event: now and then it says that it is time to flush."""
        self._since_flush += 1
        return self._since_flush >= _FLUSH_EVERY

    def flush(self) -> None:
        self._since_flush = 0
        for name, n in self._pending.items():
            if n:
                self._counters[name].inc(n)
                self._pending[name] = 0
