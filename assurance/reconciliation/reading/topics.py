"""Reads whole topics: the raw topic for the balance, committed event ids for a comparison with a sink."""

from collections import Counter
from collections.abc import Sequence

from assurance.reconciliation.reading.identity import identifier, raw_record
from assurance.reconciliation.reading.records import RawRecord
from common.kafka.topic_reader import Offsets, read_whole
from contracts.topics import RAW


def read_raw(bootstrap: str, *, topic: str = RAW.name, start: Offsets | None = None) -> list[RawRecord]:
    """All records from the beginning (or from ``start``) to the topic's present end; about 250 bytes of memory each.

    Reads uncommitted: producers of raw events use no transactions, so every record counts.

    :raises common.kafka.topic_reader.TopicUnavailable: if the topic cannot be read.
    """
    messages = read_whole(bootstrap, [topic], isolation="read_uncommitted", start=start)
    return [raw_record(message.value(), message.timestamp()[1]) for message in messages]


def committed_ids(
    bootstrap: str, topics: Sequence[str], *, since_ms: int, until_ms: int
) -> dict[str, Counter[str | None]]:
    """Topic → how often each event id is committed, among records with ``since_ms`` <= timestamp < ``until_ms``.

    Times are the records' own Kafka timestamps, ms since 1970 UTC.

    :raises common.kafka.topic_reader.TopicUnavailable: if a topic cannot be read.
    """
    found: dict[str, Counter[str | None]] = {topic: Counter() for topic in topics}
    identify = {topic: identifier(topic) for topic in topics}
    for message in read_whole(bootstrap, topics, isolation="read_committed"):
        if since_ms <= message.timestamp()[1] < until_ms:
            topic = message.topic()
            found[topic][identify[topic](message.value()).event_id] += 1
    return found
