"""Creates topics as :mod:`contracts.topics` defines them, and updates the timestamp limit of existing ones."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Literal, TypeAlias

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic, ResourceType

from contracts.topics import Topic

MAX_AHEAD = "message.timestamp.after.max.ms"
"""Topic setting, since Kafka 3.6. The limit in the other direction, how old a timestamp may be, stays at its default,
which is none: old logs are replayed."""
_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class TopicFailure:
    """The broker refused a change, or did not answer in time."""

    reason: str


CreateResult: TypeAlias = Literal["created", "exists"] | TopicFailure
UpdateResult: TypeAlias = Literal["unchanged", "updated"] | TopicFailure


def new_topic(topic: Topic, *, partitions: int, replication: int) -> NewTopic:
    """The request to create a topic with its retention, message size and timestamp limit."""
    config = {
        "retention.ms": "-1" if topic.is_compacted else str(topic.retention_ms),
        "max.message.bytes": str(topic.max_message_bytes),
        MAX_AHEAD: str(topic.max_ahead_ms),
    }
    if topic.is_compacted:
        config["cleanup.policy"] = "compact"
    if replication > 2:
        # One broker may be down for an upgrade, and each record is still written to two.
        config["min.insync.replicas"] = str(replication - 1)
    return NewTopic(topic.name, num_partitions=partitions, replication_factor=replication, config=config)


def create_topics(
    admin: AdminClient, topics: Sequence[Topic], *, partitions: int, replication: int
) -> dict[str, CreateResult]:
    """Creates the topics that do not exist. Returns topic name → result, in the order of ``topics``."""
    requests = [new_topic(topic, partitions=partitions, replication=replication) for topic in topics]
    futures = admin.create_topics(requests, operation_timeout=_TIMEOUT_S)
    return {topic.name: _create_result(futures[topic.name]) for topic in topics}


def update_timestamp_limit(admin: AdminClient, topic: Topic) -> UpdateResult:
    """Sets :data:`MAX_AHEAD` of an existing topic, and nothing else: operators may have tuned the other settings."""
    limit = str(topic.max_ahead_ms)
    try:
        (described,) = admin.describe_configs(
            [ConfigResource(ResourceType.TOPIC, topic.name)], request_timeout=_TIMEOUT_S
        ).values()
        present = described.result(_TIMEOUT_S).get(MAX_AHEAD)
        if present is not None and present.value == limit:
            return "unchanged"
        entry = ConfigEntry(MAX_AHEAD, limit, incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ResourceType.TOPIC, topic.name, incremental_configs=[entry])
        (altered,) = admin.incremental_alter_configs([resource], request_timeout=_TIMEOUT_S).values()
        altered.result(_TIMEOUT_S)
    except KafkaException as error:
        return TopicFailure(error.args[0].str())
    return "updated"


def _create_result(future: Future[None]) -> CreateResult:
    try:
        future.result(_TIMEOUT_S)
    except KafkaException as error:
        if error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return "exists"
        return TopicFailure(error.args[0].str())
    return "created"
