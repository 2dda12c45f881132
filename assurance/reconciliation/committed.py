"""What an output topic has had from the collector in a span of time, for stores that are filled from it."""

from collections import Counter
from collections.abc import Sequence

from assurance.reconciliation.identity import identifier
from common.kafka.topic_reader import read_whole


def committed_ids(
    bootstrap: str, topics: Sequence[str], *, since_ms: int, until_ms: int
) -> dict[str, Counter[str | None]]:
    """Topic to how often it has each event id. The records' own times count, ms since 1970; the end is not in it.

    Raises :class:`common.kafka.topic_reader.TopicUnavailable`.
    """
    found: dict[str, Counter[str | None]] = {topic: Counter() for topic in topics}
    identify = {topic: identifier(topic) for topic in topics}
    for message in read_whole(bootstrap, topics, isolation="read_committed"):
        if since_ms <= message.timestamp()[1] < until_ms:
            topic = message.topic()
            found[topic][identify[topic](message.value())[0]] += 1
    return found
