"""Reads the verdicts and commits an offset once everything before it is delivered, given up or not to be sent.

The cool-down survives a restart without a store of its own: the verdicts of the last cool-down before the committed
offset are read again, and only noted. They are found by the records' times in Kafka, so a restart in the middle of a
replay of an old log can send a verdict of a subject again; its ``webhook-id`` tells the receiver. A verdict that was
not sent for a cool-down that began before what is read again begins one of its own: the silence is then up to twice as
long.
"""

import threading
import time
from collections.abc import Sequence
from typing import Protocol

import msgspec
import structlog
from confluent_kafka import OFFSET_INVALID, Consumer, KafkaError, KafkaException, TopicPartition

from applications.account_security.webhook.choosing import Chooser
from applications.account_security.webhook.delivery import Outcome
from applications.account_security.webhook.metrics import WebhookMetrics
from applications.account_security.webhook.settings import WebhookSettings
from common.kafka.client_config import ClientConfigError, client_config
from contracts.fixed_topics import VERDICTS
from contracts.security.verdicts import Verdict

log = structlog.get_logger(__name__)
_POLL_S = 0.5
_TIMEOUT_S = 10.0
_decode = msgspec.json.Decoder(Verdict).decode


class Deliverer(Protocol):
    def deliver(self, verdict: Verdict) -> Outcome: ...


class BrokerFailed(Exception):
    """The client cannot go on. One line, no payload."""


class VerdictConsumer:
    def __init__(self, settings: WebhookSettings, delivery: Deliverer, metrics: WebhookMetrics) -> None:
        """:raises BrokerFailed: for a wrong client configuration."""
        self._delivery = delivery
        self._metrics = metrics
        self._cool_down_ms = int(settings.cool_down_s * 1000)
        self._chooser = Chooser(lightest=settings.decision, cool_down_ms=self._cool_down_ms)
        self._noted_until: dict[int, int] = {}
        """Partition → its committed offset: records below it are only noted."""
        try:
            self._consumer = Consumer(
                {
                    **client_config(settings.bootstrap_servers),
                    "group.id": settings.group_id,
                    "isolation.level": "read_uncommitted",  # a verdict is for now; its id tells that it comes again
                    "auto.offset.reset": settings.start,
                    "enable.auto.commit": True,
                    "auto.commit.interval.ms": 1000,
                    "enable.auto.offset.store": False,
                    "max.poll.interval.ms": int(settings.longest_delivery_s * 1000),
                    "log_level": 0,
                }
            )
        except (ClientConfigError, KafkaException) as error:
            raise BrokerFailed(str(error)) from error

    def run(self, stop: threading.Event) -> None:
        """Until ``stop`` is set.

        :raises BrokerFailed: if the topic does not exist or may not be read.
        """
        self._consumer.subscribe([VERDICTS.name], on_assign=self._assigned)
        try:
            while not stop.is_set():
                message = self._consumer.poll(_POLL_S)
                if message is None:
                    continue
                if (error := message.error()) is not None:
                    self._note(error)
                elif self._handle(message.partition(), message.offset(), message.value() or b""):
                    self._consumer.store_offsets(message)
        finally:
            self._consumer.close()

    def _handle(self, partition: int, offset: int, value: bytes) -> bool:
        """Whether the record is done with, now or before."""
        is_noted = offset < self._noted_until.get(partition, 0)
        try:
            verdict = _decode(value)
        except msgspec.MsgspecError:
            if not is_noted:
                self._metrics.unreadable()
                log.warning("verdict_unreadable", partition=partition, offset=offset)
            return not is_noted
        choice = self._chooser.choose(verdict, _now_ms())
        if is_noted:
            return False
        self._metrics.read(choice)
        return choice != "send" or self._delivery.deliver(verdict) != "interrupted"

    def _assigned(self, consumer: Consumer, partitions: Sequence[TopicPartition]) -> None:
        """Begins at the committed offset less one cool-down."""
        since_ms = _now_ms() - self._cool_down_ms
        try:
            committed = {each.partition: each.offset for each in consumer.committed(list(partitions), _TIMEOUT_S)}
            wanted = [TopicPartition(each.topic, each.partition, since_ms) for each in partitions]
            by_time = {each.partition: each.offset for each in consumer.offsets_for_times(wanted, _TIMEOUT_S)}
        except KafkaException as error:
            # Without the cool-down's past a verdict may be sent again, which is better than none.
            log.warning("cool_down_not_read", error=error.args[0].name())
            return
        for each in partitions:
            done, first = committed.get(each.partition, OFFSET_INVALID), by_time.get(each.partition, -1)
            self._noted_until[each.partition] = max(done, 0)
            each.offset = first if 0 <= first < done else done
        consumer.assign(list(partitions))

    def _note(self, error: KafkaError) -> None:
        if error.fatal() or error.code() in (
            KafkaError.UNKNOWN_TOPIC_OR_PART,
            KafkaError.TOPIC_AUTHORIZATION_FAILED,
            KafkaError.GROUP_AUTHORIZATION_FAILED,
        ):
            raise BrokerFailed(f"reading {VERDICTS.name} failed: {error.name()}")
        log.warning("kafka", error=error.name())


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
