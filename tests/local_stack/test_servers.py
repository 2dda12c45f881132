"""Real servers: Redis and Kafka started, used and stopped."""

import os
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer
from redis import Redis as RedisClient

from contracts.topics import Topic
from local_stack.kafka.broker import Kafka
from local_stack.lookup.redis import Redis
from local_stack.processes.orphans import PidRegistry
from tests.local_stack.conftest import gone

pytestmark = pytest.mark.integration

TOPIC = Topic(name="things.v1", retention_ms=60_000)


@pytest.fixture
def registry(tmp_path: Path) -> PidRegistry:
    return PidRegistry(tmp_path / "pids")


@pytest.fixture
def kafka(tmp_path: Path, registry: PidRegistry) -> Iterator[Kafka]:
    broker = Kafka(tmp_path / "run", registry=registry)
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()


def test_redis_answers_keeps_its_pid_file_and_goes(tmp_path: Path, registry: PidRegistry) -> None:
    server = Redis(tmp_path, registry=registry)
    try:
        server.start()
        with RedisClient.from_url(server.url) as client:
            client.set("key", "value")
            assert client.get("key") == b"value"
        assert [record.name for record in registry.records()] == ["redis"]
    finally:
        server.stop()
    assert server.process is not None
    assert gone(server.process.pid)
    assert registry.records() == []


def test_a_durable_redis_keeps_what_it_acknowledged(tmp_path: Path, registry: PidRegistry) -> None:
    server = Redis(tmp_path, name="optouts", durable=True, registry=registry)
    try:
        server.start()
        with RedisClient.from_url(server.url) as client:
            client.set("key", "value")
        assert server.process is not None
        os.kill(server.process.pid, signal.SIGKILL)
        server.stop()
        server.start()
        with RedisClient.from_url(server.url) as client:
            assert client.get("key") == b"value"
    finally:
        server.stop()


def _consume(kafka: Kafka, count: int) -> list[bytes | None]:
    consumer = Consumer(
        {
            "bootstrap.servers": kafka.bootstrap_servers,
            "group.id": uuid.uuid4().hex,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
        }
    )
    try:
        consumer.subscribe([TOPIC.name])
        found = [consumer.poll(15.0) for _ in range(count)]
        return [message.value() for message in found if message is not None and message.error() is None]
    finally:
        consumer.close()


def _produce_in_a_transaction(kafka: Kafka, value: bytes) -> None:
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers, "transactional.id": "test"})
    producer.init_transactions(15.0)
    producer.begin_transaction()
    producer.produce(TOPIC.name, value)
    producer.commit_transaction(15.0)


def test_kafka_takes_transactions_and_keeps_its_data_over_a_restart(kafka: Kafka) -> None:
    kafka.create_topics([TOPIC], 2)
    kafka.create_topics([TOPIC], 2)
    _produce_in_a_transaction(kafka, b"first")
    assert _consume(kafka, 1) == [b"first"]
    kafka.stop()
    kafka.start()
    _produce_in_a_transaction(kafka, b"second")
    assert sorted(value or b"" for value in _consume(kafka, 2)) == [b"first", b"second"]
