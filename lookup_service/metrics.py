"""What Prometheus reads. Labels are kinds, statuses and names of dependencies, never keys."""

from collections import Counter as Tally
from collections.abc import Iterable, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from contracts.lookup import LookupKey, LookupResult
from lookup_service.readiness import Readiness

BUCKETS_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)


class Metrics:
    """A registry of its own, so that one process can hold several applications."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self._requests = Counter("lookup_requests", "Lookup requests by HTTP status.", ["code"], registry=registry)
        self._keys = Counter("lookup_keys", "Keys by kind and status.", ["kind", "status"], registry=registry)
        self._seconds = Histogram(
            "lookup_request_seconds", "From receipt to answer.", buckets=BUCKETS_S, registry=registry
        )
        self._up = Gauge("lookup_dependency_up", "1: answers now.", ["dependency"], registry=registry)

    def answered(self, keys: Iterable[LookupKey], results: Sequence[LookupResult], *, seconds: float) -> None:
        self._requests.labels("200").inc()
        self._seconds.observe(seconds)
        tally = Tally((key.kind, result.status) for key, result in zip(keys, results, strict=True))
        for labels, count in tally.items():
            self._keys.labels(*labels).inc(count)

    def refused(self, code: int) -> None:
        self._requests.labels(str(code)).inc()

    def export(self, readiness: Readiness) -> bytes:
        for name, dependency in readiness.dependencies.items():
            self._up.labels(name).set(dependency.state == "ok")
        return generate_latest(self._registry)
