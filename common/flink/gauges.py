"""Gauges of the job, as Flink gauges: how many events wait, whether the breaker is open, how long a lookup took."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, Protocol

from common.resilience.circuit_breaker import State

GaugeName = Literal[
    "parked_now",
    "lookup_breaker",
    "lookup_request_ms",
    "suppression_age_ms",
    "suppression_size",
    "suppression_skipped",
    "suppression_store_lost",
]
BREAKER: Mapping[State, int] = MappingProxyType({"closed": 0, "half_open": 1, "open": 2})


class _Distribution(Protocol):
    def update(self, value: int) -> None: ...


class _MetricGroup(Protocol):
    def distribution(self, name: str) -> _Distribution: ...


class Gauges:
    """The levels of one function instance, set by the task's own thread.

    PyFlink's ``gauge`` would call into the interpreter from the metric reporter's thread; its ``distribution`` is in
    thread mode a gauge that keeps the last value.
    """

    def __init__(self, group: _MetricGroup, *names: GaugeName) -> None:
        self._gauges = {name: group.distribution(name) for name in names}
        self._last: dict[GaugeName, int] = {}
        for name in names:
            self.set(name, 0)

    def set(self, name: GaugeName, value: int) -> None:
        """Crosses into the JVM only when the value is another."""
        if self._last.get(name) != value:
            self._last[name] = value
            self._gauges[name].update(value)
