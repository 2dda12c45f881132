"""The webhook's Prometheus metrics. Labels have a fixed set of values."""

from prometheus_client import CollectorRegistry, Counter, Histogram

from applications.account_security.webhook.choosing import Choice

BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 30.0, 120.0)


class WebhookMetrics:
    """Serve ``registry`` with :func:`common.cli.metrics_server.serving`."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self._read = Counter(
            "webhook_verdicts", "Verdicts read, by what becomes of them.", ["choice"], registry=registry
        )
        self._unreadable = Counter("webhook_unreadable", "Records that are no verdicts.", registry=registry)
        self._attempts = Counter("webhook_attempts", "Requests, by result.", ["result"], registry=registry)
        self._delivered = Counter("webhook_delivered", "Verdicts that the receiver has accepted.", registry=registry)
        self._given_up = Counter("webhook_given_up", "Verdicts that could not be delivered.", registry=registry)
        self._seconds = Histogram(
            "webhook_delivery_seconds",
            "From the first attempt until the receiver accepted.",
            buckets=BUCKETS_S,
            registry=registry,
        )

    def read(self, choice: Choice) -> None:
        self._read.labels(choice).inc()

    def unreadable(self) -> None:
        self._unreadable.inc()

    def attempted(self, result: str) -> None:
        """``result``: ok, refused, unreachable or busy."""
        self._attempts.labels(result).inc()

    def delivered(self, seconds: float) -> None:
        self._delivered.inc()
        self._seconds.observe(seconds)

    def given_up(self) -> None:
        self._given_up.inc()
