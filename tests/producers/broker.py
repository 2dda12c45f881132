"""A Kafka broker inside this process: the mock broker of the Kafka client library."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from confluent_kafka import Consumer, Message, Producer, TopicPartition


@dataclass(frozen=True)
class Broker:
    """Speaks the Kafka protocol at ``servers``; creates every requested topic, with four partitions."""

    servers: str

    def read(self, topic: str, number: int) -> list[Message]:
        """The first ``number`` records; fails if they do not arrive within 20 s."""
        consumer = Consumer({"bootstrap.servers": self.servers, "group.id": "reader", "log_level": 0})
        try:
            partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
            consumer.assign([TopicPartition(topic, partition, 0) for partition in partitions])
            messages: list[Message] = []
            deadline = time.monotonic() + 20
            while len(messages) < number:
                assert time.monotonic() < deadline, f"{len(messages)} of {number} records"
                messages += consumer.consume(number - len(messages), 0.2)
            assert not any(message.error() for message in messages)
            return messages
        finally:
            consumer.close()


@contextmanager
def running_broker() -> Iterator[Broker]:
    """A broker that runs until the block ends."""
    owner = Producer({"bootstrap.servers": "unused", "test.mock.num.brokers": 1, "log_level": 0})
    broker = next(iter(owner.list_topics(timeout=10).brokers.values()))
    yield Broker(f"{broker.host}:{broker.port}")
    owner.flush(0)
