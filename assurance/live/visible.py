"""What a consumer sees, for Prometheus: how long after the collector an event is visible, and what became of it."""

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


class Visible:
    """``registry`` is to be served: see :func:`common.cli.metrics_server.serving`."""

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
            # There from the start, so that the first event is an increase.
            self._seconds.labels(purpose)
            self._events.labels(name, "enriched")

    def add(self, topic: str, value: bytes, collector_ms: int, now_s: float) -> None:
        """A record of an output topic; ``collector_ms`` is its Kafka timestamp."""
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
