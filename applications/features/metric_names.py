"""The names of the job's metrics, and :mod:`common.flink.metrics` for these names alone."""

from typing import Literal, TypeAlias, get_args

from common.flink import metrics

CounterName = Literal[
    "events_read",
    "events_unreadable",
    "events_ahead",
    "events_repeated",
    "events_failed",
    "erasures_read",
    "erasures_unreadable",
    "contributions_counted",
    "contributions_repeated",
    "contributions_erased",
    "messages_unreadable",
    "entities_published",
    "entities_erased",
    "entities_expired",
]
COUNTERS: tuple[CounterName, ...] = get_args(CounterName)
GaugeName = Literal["mirror_entities"]
GAUGES: tuple[GaugeName, ...] = get_args(GaugeName)
Counters: TypeAlias = metrics.Counters[CounterName]
Gauges: TypeAlias = metrics.Gauges[GaugeName]
