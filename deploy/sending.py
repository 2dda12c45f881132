"""Sends one record and waits until the brokers have it."""

from confluent_kafka import KafkaError, KafkaException, Producer

from common.kafka.client_config import ClientConfigError, client_config
from contracts.fixed_topics import Topic

_TIMEOUT_S = 10.0


class NotSent(Exception):
    """The record is not in the topic. One line, without its content."""


def send(bootstrap: str, topic: Topic, key: str, value: bytes | None) -> None:
    """:param value: None: a tombstone.
    :raises NotSent: if the brokers did not confirm it in time.
    """
    failures: list[KafkaError] = []

    def on_delivery(error: KafkaError | None, _: object) -> None:
        if error is not None:
            failures.append(error)

    try:
        producer = Producer(
            {
                **client_config(bootstrap),
                "acks": "all",
                "enable.idempotence": True,
                "message.timeout.ms": int(_TIMEOUT_S * 1000),
                "log_level": 0,
            }
        )
        producer.produce(topic.name, value, key.encode(), on_delivery=on_delivery)
        left = producer.flush(_TIMEOUT_S + 1)
    except (ClientConfigError, KafkaException) as error:
        raise NotSent(str(error)) from error
    if failures:
        raise NotSent(f"{topic.name} at {bootstrap}: {failures[0].name()}")
    if left:
        raise NotSent(f"no answer from the Kafka broker at {bootstrap}")
