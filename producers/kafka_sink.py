"""Records into Kafka: idempotent, compressed, spread over the partitions at random."""

import contextlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from confluent_kafka import KafkaError, KafkaException, Producer

from contracts.topics import RAW
from kafka_login.client_config import ClientConfigError, client_config
from producers.record import ProduceReport, Record
from producers.send_log import SendLog, payload_digest
from producers.tally import Tally

CONNECT_S = 7.0
_DELIVERY_TIMEOUT_MS = 60_000
_FULL_QUEUE_POLL_S = 0.05
_NOT_YET = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.LEADER_NOT_AVAILABLE)
"""What a broker says of a topic that it is about to create."""


class BrokerUnavailableError(Exception):
    """No broker answered in time, there is no such topic, or the client gave up; the message is for the user."""


@dataclass(frozen=True, kw_only=True)
class ProduceSettings:
    """``seed`` draws the keys: 8 random bytes, as the production collector sends, so partitions are random."""

    bootstrap_servers: str
    topic: str = RAW.name
    linger_ms: float = 5.0
    seed: int = 1
    send_log: Path | None = None


def produce(records: Iterable[Record], settings: ProduceSettings) -> ProduceReport:
    """Sends the records and waits until each has arrived or failed; a failure is counted and does not end the run.

    Raises BrokerUnavailableError before the first record is taken. When ``records`` raises, what was sent by
    then is still flushed.
    """
    tally = Tally()
    sender = _Sender(_connect(settings, tally), settings, tally)
    with SendLog(settings.send_log) if settings.send_log else contextlib.nullcontext() as log:
        try:
            for record in records:
                digest = payload_digest(record.value) if log else b""
                sent_ns = sender.send(record)
                tally.sent(record)
                if log and sent_ns is not None:
                    log.add(digest, sent_ns)
        finally:
            sender.flush()
    return tally.report()


class _Sender:
    def __init__(self, producer: Producer, settings: ProduceSettings, tally: Tally) -> None:
        self._producer = producer
        self._topic = settings.topic
        self._keys = Random(f"keys {settings.seed}")
        self._tally = tally

    def send(self, record: Record) -> int | None:
        """When the record was handed over, in ns since 1970 UTC; None if the client refused it."""
        key = self._keys.randbytes(8)
        self._producer.poll(0)
        while True:
            sent_ns = time.time_ns()
            try:
                self._producer.produce(self._topic, record.value, key, timestamp=record.timestamp_ms)
            except BufferError:
                self._producer.poll(_FULL_QUEUE_POLL_S)
            except KafkaException as refused:
                if refused.args[0].fatal():
                    raise BrokerUnavailableError(f"the Kafka client gave up: {_reason(refused.args[0])}") from None
                self._tally.failed(_reason(refused.args[0]))
                return None
            else:
                return sent_ns

    def flush(self) -> None:
        """Ends by itself: what the broker does not take fails at the delivery timeout."""
        while self._producer.flush(1.0):
            pass


def _reason(error: KafkaError) -> str:
    return f"{error.name()}: {error.str()}"


def _client_config(settings: ProduceSettings) -> dict[str, object]:
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
        "delivery.report.only.error": True,
        "log_level": 0,  # what goes wrong is in the error callback and the delivery reports
    }


def _connect(settings: ProduceSettings, tally: Tally) -> Producer:
    last_words = "no answer"

    def on_delivery(error: KafkaError | None, _message: object) -> None:
        if error is not None:
            tally.failed(_reason(error))

    def on_error(error: KafkaError) -> None:
        nonlocal last_words
        last_words = error.str()

    try:
        producer = Producer({**_client_config(settings), "error_cb": on_error, "on_delivery": on_delivery})
    except (ClientConfigError, KafkaException) as error:
        raise BrokerUnavailableError(str(error)) from None
    deadline = time.monotonic() + CONNECT_S
    while (left := deadline - time.monotonic()) > 0:
        try:
            topic = producer.list_topics(settings.topic, timeout=left).topics[settings.topic]
        except KafkaException:
            producer.poll(0)
            raise BrokerUnavailableError(f"no Kafka broker at {settings.bootstrap_servers}: {last_words}") from None
        if topic.error is None:
            return producer
        if topic.error.code() not in _NOT_YET:
            raise BrokerUnavailableError(f"topic {settings.topic} cannot be used: {topic.error.str()}")
        time.sleep(0.2)
    raise BrokerUnavailableError(f"topic {settings.topic} does not exist at {settings.bootstrap_servers}")
