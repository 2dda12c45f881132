"""The names of the enrichment job's metrics, and :mod:`common.flink.metrics` for these names alone."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

from common.flink import metrics
from common.resilience.circuit_breaker import State

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
GaugeName = Literal[
    "parked_now",
    "lookup_breaker",
    "lookup_request_ms",
    "suppression_age_ms",
    "suppression_size",
    "suppression_skipped",
    "suppression_store_lost",
]
Counters: TypeAlias = metrics.Counters[CounterName]
Gauges: TypeAlias = metrics.Gauges[GaugeName]
BREAKER: Mapping[State, int] = MappingProxyType({"closed": 0, "half_open": 1, "open": 2})
"""Values of the gauge ``lookup_breaker``."""
