"""Handles Kafka's delivery reports: counts, measures latency and ends the record's span."""

from collections.abc import Callable
from functools import partial
from typing import Protocol, get_args

from confluent_kafka import KafkaError
from opentelemetry.trace import Span

from producers.delivery.counts import DeliveryCounts
from producers.delivery.metrics import ProducerMetrics
from producers.delivery.traces import end
from producers.record import Kind


class _Message(Protocol):
    def latency(self) -> float | None: ...


OnDelivery = Callable[[KafkaError | None, _Message], None]


class Deliveries:
    """Without ``metrics`` only failures are recorded."""

    def __init__(self, counts: DeliveryCounts, metrics: ProducerMetrics | None) -> None:
        self._counts = counts
        self._metrics = metrics
        kinds: tuple[Kind, ...] = get_args(Kind)
        self._of_kind: dict[Kind, OnDelivery] = {kind: partial(self._on_report, kind, None) for kind in kinds}

    def on_delivery(self, kind: Kind, span: Span | None) -> OnDelivery:
        return self._of_kind[kind] if span is None else partial(self._on_report, kind, span)

    def failed(self, kind: Kind, span: Span | None, error: KafkaError) -> None:
        """Records a failed delivery, or a record that the client rejected."""
        self._counts.failed(reason(error))
        if self._metrics is not None:
            self._metrics.failed(kind, error.name())
        if span is not None:
            end(span, error.name())

    def _on_report(self, kind: Kind, span: Span | None, error: KafkaError | None, message: _Message) -> None:
        if error is not None:
            self.failed(kind, span, error)
            return
        if self._metrics is not None:
            self._metrics.delivered(kind, message.latency() or 0.0)
        if span is not None:
            end(span, None)


def reason(error: KafkaError) -> str:
    return f"{error.name()}: {error.str()}"
