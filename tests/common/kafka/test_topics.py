"""Creating topics with a broker that answers as scripted; tests/deploy/test_topics.py uses a real one."""

from concurrent.futures import Future
from typing import Any, cast

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from common.kafka.topics import MAX_AHEAD, TopicFailure, create_topics, new_topic, update_timestamp_limit
from contracts.fixed_topics import IDENTITIES
from contracts.topics import ANALYTICS, FAILED, LATE, RAW


class Broker:
    """Answers each request for a topic with an exception, or with success."""

    def __init__(self, **errors: int) -> None:
        self._errors = errors

    def create_topics(self, topics: list[Any], **_: object) -> dict[str, Future[None]]:
        return {topic.topic: _answer(self._errors.get(topic.topic.replace(".", "_"))) for topic in topics}

    def describe_configs(self, resources: list[Any], **_: object) -> dict[object, Future[None]]:
        return {resource: _answer(KafkaError.TOPIC_AUTHORIZATION_FAILED) for resource in resources}


def _answer(error: int | None) -> Future[None]:
    future: Future[None] = Future()
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(KafkaException(KafkaError(error)))
    return future


def test_a_topic_has_its_limits() -> None:
    config = new_topic(RAW, partitions=4, replication=1).config
    assert config == {
        "retention.ms": str(RAW.retention_ms),
        "max.message.bytes": str(RAW.max_message_bytes),
        MAX_AHEAD: str(RAW.max_ahead_ms),
    }


def test_a_compacted_topic_keeps_the_newest_record_of_each_key_for_ever() -> None:
    assert IDENTITIES.is_compacted
    assert new_topic(IDENTITIES, partitions=4, replication=1).config == {
        "cleanup.policy": "compact",
        "retention.ms": "-1",
        "max.message.bytes": str(IDENTITIES.max_message_bytes),
        MAX_AHEAD: str(IDENTITIES.max_ahead_ms),
    }


def test_three_replicas_allow_one_broker_to_be_down() -> None:
    assert "min.insync.replicas" not in new_topic(RAW, partitions=4, replication=2).config
    assert new_topic(RAW, partitions=4, replication=3).config["min.insync.replicas"] == "2"


def test_each_topic_has_its_own_result() -> None:
    errors = {
        LATE.name.replace(".", "_"): KafkaError.TOPIC_ALREADY_EXISTS,
        FAILED.name.replace(".", "_"): KafkaError.INVALID_REPLICATION_FACTOR,
    }
    admin = cast("AdminClient", Broker(**errors))
    results = create_topics(admin, [ANALYTICS, LATE, FAILED], partitions=1, replication=1)
    assert list(results) == [ANALYTICS.name, LATE.name, FAILED.name]
    assert (results[ANALYTICS.name], results[LATE.name]) == ("created", "exists")
    failure = results[FAILED.name]
    assert isinstance(failure, TopicFailure)
    assert "replication" in failure.reason.lower()


def test_a_refused_update_is_a_value() -> None:
    assert isinstance(update_timestamp_limit(cast("AdminClient", Broker()), RAW), TopicFailure)
