"""The names of the job's metrics, and :mod:`common.flink.metrics` for these names alone."""

from typing import Literal, TypeAlias, get_args

from common.flink import metrics

CounterName = Literal[
    "events_observed",
    "events_unreadable",
    "events_without_flow",
    "events_ahead",
    "events_failed",
    "labels_taken",
    "labels_unreadable",
    "labels_without_subject",
    "facet_events",
    "facet_events_waited",
    "parts_told",
    "parts_unreadable",
    "verdicts_allowed",
    "verdicts_challenged",
    "verdicts_denied",
    "verdicts_shadow",
    "verdicts_superseding",
    "subjects_erased",
    "rules_version_unknown",
    "risk_states_dropped",
]
COUNTERS: tuple[CounterName, ...] = get_args(CounterName)
GaugeName = Literal[
    "mirror_keys",
    "rules_refused",
    "rules_quarantined",
    "rules_follower_age_ms",
    "risk_states_waiting",
    "risk_states_behind_ms",
    "risk_erasures_waiting",
]
GAUGES: tuple[GaugeName, ...] = get_args(GaugeName)
Counters: TypeAlias = metrics.Counters[CounterName]
Gauges: TypeAlias = metrics.Gauges[GaugeName]
