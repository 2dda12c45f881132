"""The enriched security events of a Kafka topic."""

from collections.abc import Iterator

import msgspec

from assurance.backtest.inputs.problems import InputError, Skipped
from common.kafka.topic_reader import TopicUnavailable, read_whole
from contracts.fixed_topics import enriched_name
from core.risk.security_event import SecurityEvent, read_event

TOPIC = enriched_name("security")


def topic_events(bootstrap: str, skipped: Skipped, topic: str = TOPIC) -> Iterator[SecurityEvent]:
    """All committed ones, partition by partition.

    :raises InputError: if the topic cannot be read.
    """
    try:
        for message in read_whole(bootstrap, [topic], isolation="read_committed"):
            try:
                event = read_event(message.value() or b"")
            except msgspec.MsgspecError:
                skipped.unreadable += 1
            else:
                yield event
    except TopicUnavailable as error:
        raise InputError(str(error)) from error
