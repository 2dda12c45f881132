"""Sends records to Kafka: idempotent, compressed, spread over the partitions at random."""

import contextlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import NamedTuple

from confluent_kafka import KafkaError, KafkaException, Producer

from common.kafka.client_config import ClientConfigError, client_config
from common.telemetry.environment import open_tracing
from contracts.fixed_topics import RAW
from producers.delivery.counts import DeliveryCounts
from producers.delivery.delivery_report import Deliveries, reason
from producers.delivery.metrics import ProducerMetrics
from producers.delivery.send_log import SendLog, payload_digest
from producers.delivery.traces import ProducerTraces
from producers.record import ProduceReport, Record

SERVICE = "clickstream-producer"
CONNECT_S = 7.0
_DELIVERY_TIMEOUT_MS = 60_000
_FULL_QUEUE_POLL_S = 0.05
_TOPIC_NOT_READY = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.LEADER_NOT_AVAILABLE)
"""Errors of a topic that the broker is about to create."""


class BrokerUnavailableError(Exception):
    """No broker answered in time, the topic does not exist, or the client failed; the message is for the user."""


@dataclass(frozen=True, kw_only=True)
class ProduceSettings:
    """``seed`` determines the keys: 8 random bytes, as the production collector sends, so partitions are random."""

    bootstrap_servers: str
    topic: str = RAW.name
    linger_ms: float = 5.0
    seed: int = 1
    send_log: Path | None = None


def produce(
    records: Iterable[Record], settings: ProduceSettings, metrics: ProducerMetrics | None = None
) -> ProduceReport:
    """Sends the records and waits until each is delivered or has failed; a failure is counted and does not end the run.

    Traces if the environment names an OTLP endpoint. Raises BrokerUnavailableError before it takes the first record. If
    ``records`` raises, the records sent before are still flushed.
    """
    counts = DeliveryCounts()
    tracing = open_tracing(SERVICE)
    deliveries = Deliveries(counts, metrics)
    producer = _connect(settings, every_delivery=metrics is not None or tracing is not None)
    traces = None if tracing is None else ProducerTraces(tracing.tracer, settings.topic)
    sender = _Sender(producer, settings, deliveries, traces)
    if metrics is not None:
        metrics.watch_queue(lambda: len(producer))
    with SendLog(settings.send_log) if settings.send_log else contextlib.nullcontext() as log:
        try:
            for record in records:
                sent = sender.send(record)
                counts.sent(record)
                if metrics is not None:
                    metrics.sent(record)
                if log and sent is not None:
                    log.add(payload_digest(sent.value), sent.at_ns)
        finally:
            sender.flush()
            if tracing is not None:
                tracing.close()
    return counts.report()


class _Sent(NamedTuple):
    """``at_ns``: when it was handed over, ns since 1970 UTC."""

    value: bytes
    at_ns: int


class _Sender:
    def __init__(
        self, producer: Producer, settings: ProduceSettings, deliveries: Deliveries, traces: ProducerTraces | None
    ) -> None:
        self._producer = producer
        self._topic = settings.topic
        self._keys = Random(f"keys {settings.seed}")
        self._deliveries = deliveries
        self._traces = traces

    def send(self, record: Record) -> _Sent | None:
        """The value sent and the time; None if the client rejected the record."""
        key = self._keys.randbytes(8)
        value, headers, span = record.value, None, None
        if self._traces is not None and (traced := self._traces.begin(record)) is not None:
            value, headers, span = traced
        on_delivery = self._deliveries.on_delivery(record.kind, span)
        self._producer.poll(0)
        while True:
            sent_ns = time.time_ns()
            try:
                self._producer.produce(
                    self._topic, value, key, timestamp=record.timestamp_ms, headers=headers, on_delivery=on_delivery
                )
            except BufferError:
                self._producer.poll(_FULL_QUEUE_POLL_S)
            except KafkaException as error:
                if error.args[0].fatal():
                    raise BrokerUnavailableError(f"the Kafka client failed: {reason(error.args[0])}") from None
                self._deliveries.failed(record.kind, span, error.args[0])
                return None
            else:
                return _Sent(value, sent_ns)

    def flush(self) -> None:
        """Terminates: records that the broker does not accept fail at the delivery timeout."""
        while self._producer.flush(1.0):
            pass


def _client_config(settings: ProduceSettings, *, every_delivery: bool) -> dict[str, object]:
    return {
        **client_config(settings.bootstrap_servers),
        "enable.idempotence": True,
        "acks": "all",
        "linger.ms": settings.linger_ms,
        "compression.type": "lz4",
        "message.max.bytes": RAW.max_message_bytes,
        "message.timeout.ms": _DELIVERY_TIMEOUT_MS,
        "queue.buffering.max.messages": 200_000,
        "queue.buffering.max.kbytes": 512 * 1024,
        "delivery.report.only.error": not every_delivery,
        "log_level": 0,  # errors arrive in the error callback and the delivery reports
    }


def _connect(settings: ProduceSettings, *, every_delivery: bool) -> Producer:
    last_error = "no answer"

    def on_error(error: KafkaError) -> None:
        nonlocal last_error
        last_error = error.str()

    try:
        producer = Producer({**_client_config(settings, every_delivery=every_delivery), "error_cb": on_error})
    except (ClientConfigError, KafkaException) as error:
        raise BrokerUnavailableError(str(error)) from None
    deadline = time.monotonic() + CONNECT_S
    while (left := deadline - time.monotonic()) > 0:
        try:
            topic = producer.list_topics(settings.topic, timeout=left).topics[settings.topic]
        except KafkaException:
            producer.poll(0)
            raise BrokerUnavailableError(f"no Kafka broker at {settings.bootstrap_servers}: {last_error}") from None
        if topic.error is None:
            return producer
        if topic.error.code() not in _TOPIC_NOT_READY:
            raise BrokerUnavailableError(f"topic {settings.topic} cannot be used: {topic.error.str()}")
        time.sleep(0.2)
    raise BrokerUnavailableError(f"topic {settings.topic} does not exist at {settings.bootstrap_servers}")
