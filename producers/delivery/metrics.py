"""A producer's Prometheus metrics. Labels are kinds of records and names of errors."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from producers.record import Kind, Record

BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0)


class ProducerMetrics:
    """Serve ``registry`` with :func:`common.cli.metrics_server.serving`."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self._sent = Counter("producer_records_sent", "Records taken from the stream.", ["kind"], registry=registry)
        self._bytes = Counter("producer_value_bytes", "Bytes of their values.", registry=registry)
        self._delivered = Counter(
            "producer_records_delivered", "Records that the broker has acknowledged.", ["kind"], registry=registry
        )
        self._failed = Counter(
            "producer_records_failed", "Records that did not arrive.", ["kind", "reason"], registry=registry
        )
        self._seconds = Histogram(
            "producer_delivery_seconds", "From the client to its acknowledgement.", buckets=BUCKETS_S, registry=registry
        )
        self._queue = Gauge(
            "producer_queue_records", "Records on their way: queued, or sent and not acknowledged.", registry=registry
        )

    def sent(self, record: Record) -> None:
        self._sent.labels(record.kind).inc()
        self._bytes.inc(len(record.value))

    def delivered(self, kind: Kind, seconds: float) -> None:
        self._delivered.labels(kind).inc()
        self._seconds.observe(seconds)

    def failed(self, kind: Kind, reason: str) -> None:
        """``reason`` is the client library's name of the error."""
        self._failed.labels(kind, reason).inc()

    def watch_queue(self, length: Callable[[], int]) -> None:
        """``length`` is called at every scrape, in the metrics server's thread."""
        self._queue.set_function(length)
