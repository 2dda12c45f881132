"""Prometheus metrics of what a consumer sees: each event's outcome, and how long after the collector it is visible."""

import msgspec
from prometheus_client import CollectorRegistry, Counter, Histogram

from assurance.live.outputs import OUTCOMES, PURPOSES
from contracts.events.rejected import FailureType
from contracts.topics import FAILED

BUCKETS_S = (0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0, 30.0, 300.0)


class _Failure(msgspec.Struct):
    type: FailureType


class _Failed(msgspec.Struct):
    failure: _Failure


_decode_failed = msgspec.json.Decoder(_Failed).decode


class VisibilityMetrics:
    """Serve ``registry`` with :func:`common.cli.metrics_server.serving`."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self._seconds = Histogram(
            "event_visible_seconds",
            "From the collector to a consumer that reads committed.",
            ["purpose"],
            buckets=BUCKETS_S,
            registry=registry,
        )
        self._events = Counter(
            "events_visible", "Records of the output topics, by outcome.", ["topic", "outcome"], registry=registry
        )
        for name, purpose in PURPOSES.items():
            # Created at the start with 0, so that Prometheus sees the first event as an increase.
            self._seconds.labels(purpose)
            self._events.labels(name, "enriched")

    def add(self, topic: str, value: bytes, collector_ms: int, now_s: float) -> None:
        """Counts a record of an output topic. ``collector_ms`` is its Kafka timestamp, ms since 1970 UTC."""
        if topic in PURPOSES:
            self._seconds.labels(PURPOSES[topic]).observe(max(0.0, now_s - collector_ms / 1000))
        self._events.labels(topic, _outcome(topic, value)).inc()


def _outcome(topic: str, value: bytes) -> str:
    """``enriched``, ``late``, ``suppressed``, or the type of the failure."""
    if topic != FAILED.name:
        return "enriched" if topic in PURPOSES else OUTCOMES[topic]
    try:
        return _decode_failed(value).failure.type
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "unreadable"
