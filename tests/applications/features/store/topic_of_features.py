"""A topic of features on a real broker, and records for it."""

import time
import uuid
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import msgspec
from confluent_kafka import Producer

from contracts.features.records import FeatureState
from contracts.fixed_topics import FEATURES, Topic
from local_stack.kafka.broker import Kafka


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def value_of(entity: str, entity_id: str, newest: int, written: int, packed: bytes) -> bytes:
    return msgspec.json.encode(
        FeatureState(
            entity=entity,
            entity_id=entity_id,
            newest_tstamp=newest,
            written_tstamp=written,
            features_version="v",
            values={f"{entity}__likes__1h": 1},
            state=b64encode(packed).decode(),
        )
    )


@dataclass
class TopicOfFeatures:
    kafka: Kafka
    topic: Topic = field(
        default_factory=lambda: msgspec.structs.replace(FEATURES, name=f"clickstream.features.{uuid.uuid4().hex}")
    )

    def __post_init__(self) -> None:
        self.kafka.create_topics([self.topic], partitions=2)

    def put(self, entity: str, entity_id: str, packed: bytes, *, newest: int = 1, written: int | None = None) -> None:
        with self.producer() as producer:
            self.send(producer, entity, entity_id, packed, newest=newest, written=written)

    def erase(self, entity: str, entity_id: str, at: int | None = None) -> None:
        with self.producer() as producer:
            self.send(producer, entity, entity_id, None, written=at)

    def send(
        self,
        producer: Producer,
        entity: str,
        entity_id: str,
        packed: bytes | None,
        *,
        newest: int = 1,
        written: int | None = None,
    ) -> None:
        """:param packed: None: an erasing record."""
        at = now_ms() if written is None else written
        value = None if packed is None else value_of(entity, entity_id, newest, at, packed)
        producer.produce(self.topic.name, value, f"{entity}:{entity_id}".encode(), timestamp=at)
        producer.poll(0)

    @contextmanager
    def producer(self, **settings: str) -> Iterator[Producer]:
        producer = Producer({"bootstrap.servers": self.kafka.bootstrap_servers, "linger.ms": 1, **settings})
        yield producer
        assert not producer.flush(30)

    @contextmanager
    def transaction(self) -> Iterator[Producer]:
        """Is committed at the end of the block."""
        with self.producer(**{"transactional.id": uuid.uuid4().hex}) as producer:
            producer.init_transactions(30)
            producer.begin_transaction()
            yield producer
            producer.commit_transaction(30)
