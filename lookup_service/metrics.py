"""The Prometheus metrics. Labels are kinds, statuses and names of sources and clients, never keys."""

import collections
import os
from collections.abc import Iterable, Mapping
from operator import attrgetter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from lookup_service.readiness import Readiness
from lookup_service.resolving.caching.cached_source import CachedSource
from lookup_service.resolving.caching.entry import Entry

MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"
"""Environment variable of the Prometheus client library: the directory in which several workers share their metrics."""
BUCKETS_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)

_label = attrgetter("label")


class Metrics:
    """A registry of its own, so that one process can hold several applications."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self._requests = Counter("lookup_requests", "Lookup requests by HTTP status.", ["code"], registry=registry)
        self._clients = Counter("lookup_client_requests", "Requests by client.", ["client"], registry=registry)
        self._keys = Counter("lookup_keys", "Keys by kind and status.", ["kind", "status"], registry=registry)
        self._events = Counter("lookup_events", "Events enriched on demand.", ["outcome"], registry=registry)
        self._features = Counter("lookup_features", "Ids whose features were read.", ["status"], registry=registry)
        self._features_seconds = Histogram(
            "lookup_features_seconds", "From receipt to the features.", buckets=BUCKETS_S, registry=registry
        )
        self._features_unreadable = Counter(
            "lookup_features_unreadable_states", "States in Redis that could not be read.", registry=registry
        )
        self._recent = Counter("lookup_recent_results", "Results handed out for a warm start.", registry=registry)
        self._seconds = Histogram(
            "lookup_request_seconds", "From receipt to response.", buckets=BUCKETS_S, registry=registry
        )
        self._risk = Counter("lookup_risk_requests", "Risk answers.", ["status", "decision"], registry=registry)
        self._risk_seconds = Histogram(
            "lookup_risk_seconds", "From receipt to risk answer.", buckets=BUCKETS_S, registry=registry
        )
        self._risk_unreadable = Counter(
            "lookup_risk_unreadable_states", "States in Redis that could not be read.", registry=registry
        )
        self._risk_rules = Gauge("lookup_risk_rules", "Rules in use.", registry=registry, multiprocess_mode="livemin")
        self._risk_refused = Gauge(
            "lookup_risk_rules_refused",
            "1: the job's rules cannot be used; the previous ones are in use.",
            registry=registry,
            multiprocess_mode="livemax",
        )
        self._risk_quarantined = Gauge(
            "lookup_risk_rules_quarantined",
            "Rules that are not evaluated any more: too slow, or failing.",
            registry=registry,
            multiprocess_mode="livemax",
        )
        labels = ["kind", "source"]
        self._keys_queried = Gauge(
            "lookup_source_keys",
            "Keys that the source was queried for.",
            labels,
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._cached = Gauge(
            "lookup_cache_entries", "Results in memory.", labels, registry=registry, multiprocess_mode="livesum"
        )
        self._recent_keys = Gauge(
            "lookup_recent_keys", "Keys remembered for a warm start.", registry=registry, multiprocess_mode="livesum"
        )
        self._up = Gauge(
            "lookup_dependency_up",
            "1: the dependency works.",
            ["dependency"],
            registry=registry,
            multiprocess_mode="livemin",
        )
        self._refused_update = Gauge(
            "lookup_refused_update",
            "1: the new data file cannot be used; the previous data is in use.",
            ["dependency"],
            registry=registry,
            multiprocess_mode="livemax",
        )
        self._ok = self._requests.labels("200")

    def record_lookup(self, entries: Iterable[Entry], *, seconds: float) -> None:
        self._ok.inc()
        self._seconds.observe(seconds)
        for label, count in by_label(entries).items():
            self._keys.labels(*label.split(" ")).inc(count)

    def record_error(self, code: int) -> None:
        self._requests.labels(str(code)).inc()

    def record_client(self, client: str) -> None:
        self._clients.labels(client).inc()

    def record_enrichment(self, outcomes: Iterable[str]) -> None:
        for outcome, count in collections.Counter(outcomes).items():
            self._events.labels(outcome).inc(count)

    def record_features(self, statuses: Iterable[str], *, seconds: float) -> None:
        self._features_seconds.observe(seconds)
        for status, count in collections.Counter(statuses).items():
            self._features.labels(status).inc(count)

    def record_unreadable_features(self) -> None:
        self._features_unreadable.inc()

    def record_risk(self, status: str, decision: str, *, seconds: float) -> None:
        self._risk.labels(status, decision).inc()
        self._risk_seconds.observe(seconds)

    def record_unreadable_state(self) -> None:
        self._risk_unreadable.inc()

    def observe_rules(self, *, rules: int, quarantined: int, is_refused: bool) -> None:
        self._risk_rules.set(rules)
        self._risk_quarantined.set(quarantined)
        self._risk_refused.set(is_refused)

    def record_recent(self, count: int) -> None:
        self._recent.inc(count)

    def observe_recent_keys(self, count: int) -> None:
        self._recent_keys.set(count)

    def observe_sources(self, sources: Iterable[CachedSource]) -> None:
        """Copies the sources' figures into the gauges. To be called periodically and before an export."""
        for cached in sources:
            self._keys_queried.labels(cached.kind, cached.source.name).set(cached.keys_queried)
            self._cached.labels(cached.kind, cached.source.name).set(cached.entries)

    def export(self, readiness: Readiness) -> bytes:
        for name, dependency in readiness.dependencies.items():
            self._up.labels(name).set(dependency.state in ("ok", "refused_update"))
            self._refused_update.labels(name).set(dependency.state == "refused_update")
        if MULTIPROCESS not in os.environ:
            return generate_latest(self._registry)
        all_workers = CollectorRegistry()
        MultiProcessCollector(all_workers)  # type: ignore[no-untyped-call]
        return generate_latest(all_workers)


def by_label(entries: Iterable[Entry]) -> Mapping[str, int]:
    """``<kind> <status>`` → number of entries."""
    return collections.Counter(map(_label, entries))
