"""What is done when a record has arrived, or not: counted, measured, its span ended."""

from collections.abc import Callable
from functools import partial
from typing import Protocol, get_args

from confluent_kafka import KafkaError
from opentelemetry.trace import Span

from producers.delivery.counts import DeliveryCounts
from producers.delivery.metrics import ProducerMetrics
from producers.delivery.record import Kind
from producers.delivery.traces import end


class _Message(Protocol):
    def latency(self) -> float | None: ...


OnDelivery = Callable[[KafkaError | None, _Message], None]


class Deliveries:
    """``metrics`` None: only failures are told of."""

    def __init__(self, tally: DeliveryCounts, metrics: ProducerMetrics | None) -> None:
        self._tally = tally
        self._metrics = metrics
        kinds: tuple[Kind, ...] = get_args(Kind)
        self._of_kind: dict[Kind, OnDelivery] = {kind: partial(self._came, kind, None) for kind in kinds}

    def on_delivery(self, kind: Kind, span: Span | None) -> OnDelivery:
        return self._of_kind[kind] if span is None else partial(self._came, kind, span)

    def refused(self, kind: Kind, span: Span | None, error: KafkaError) -> None:
        """The client itself did not take the record."""
        self._tally.failed(reason(error))
        if self._metrics is not None:
            self._metrics.failed(kind, error.name())
        if span is not None:
            end(span, error.name())

    def _came(self, kind: Kind, span: Span | None, error: KafkaError | None, message: _Message) -> None:
        if error is not None:
            self.refused(kind, span, error)
            return
        if self._metrics is not None:
            self._metrics.delivered(kind, message.latency() or 0.0)
        if span is not None:
            end(span, None)


def reason(error: KafkaError) -> str:
    return f"{error.name()}: {error.str()}"
