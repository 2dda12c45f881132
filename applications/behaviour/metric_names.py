"""The names of the job's metrics, and :mod:`common.flink.metrics` for these names alone."""

from typing import Literal, Protocol, TypeAlias, get_args

from common.flink import metrics

CounterName = Literal[
    "events_sessionized",
    "events_repeated",
    "events_too_late",
    "events_forwarded",
    "events_moved",
    "events_unplaced",
    "events_suppressed",
    "events_without_visitor",
    "events_unreadable",
    "events_failed",
    "visitors_forgotten",
    "features_erased",
    "features_failed",
    "session_features_incomplete",
]
COUNTERS: tuple[CounterName, ...] = get_args(CounterName)
GaugeName = Literal["mirror_visitors"]
GAUGES: tuple[GaugeName, ...] = get_args(GaugeName)
Counters: TypeAlias = metrics.Counters[CounterName]
Gauges: TypeAlias = metrics.Gauges[GaugeName]


class Count(Protocol):
    """Counts what became of events."""

    def __call__(self, name: CounterName, n: int = 1) -> None: ...
