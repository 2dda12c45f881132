"""The event time that a topic has reached, and whether a log's events would be late in it."""

import time
from itertools import islice
from pathlib import Path

from confluent_kafka import Consumer, KafkaException, TopicPartition

from common.kafka.client_config import ClientConfigError, client_config
from producers.access_log.formats import Recognised
from producers.access_log.input_lines import BrokenInputError
from producers.access_log.replay import line_times

ALLOWED_MS = 60_000
"""With the job's default configuration an event is late if it is older than the newest one by more than this."""
_LAST_RECORDS = 50
_MAX_LINES = 10_000
_READ_TIMEOUT_S = 5.0
_TIMEOUT_S = 3.0


def newest_ms(bootstrap_servers: str, topic: str) -> int | None:
    """The newest timestamp among the last records of each partition, limited to now, in ms since 1970 UTC.

    None if the topic has no records or the broker cannot be reached; sending to it then reports the error.
    """
    now_ms = time.time_ns() // 1_000_000
    try:
        settings = {
            **client_config(bootstrap_servers),
            "group.id": "producers-replay",  # required by the library; no offset is committed
            "enable.auto.commit": False,
            "enable.partition.eof": False,
            "log_level": 0,
            "error_cb": lambda _: None,
        }
        consumer = Consumer(settings)
    except (ClientConfigError, KafkaException):
        return None
    try:
        return _newest(consumer, topic, now_ms)
    except KafkaException:
        return None
    finally:
        consumer.close()


def _newest(consumer: Consumer, topic: str, now_ms: int) -> int | None:
    found = consumer.list_topics(topic, timeout=_TIMEOUT_S).topics[topic]
    ends: dict[int, int] = {}
    starts: list[TopicPartition] = []
    for partition in () if found.error else found.partitions:
        low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=_TIMEOUT_S)
        if high > low:
            ends[partition] = high
            starts.append(TopicPartition(topic, partition, max(low, high - _LAST_RECORDS)))
    newest: int | None = None
    consumer.assign(starts)
    deadline = time.monotonic() + _READ_TIMEOUT_S
    while ends and time.monotonic() < deadline:
        for message in consumer.consume(_LAST_RECORDS, 0.2):
            if message.error():
                continue
            newest = max(newest or 0, min(message.timestamp()[1], now_ms))
            if message.offset() + 1 >= ends.get(message.partition(), 0):
                ends.pop(message.partition(), None)
    return newest


def is_mostly_late(source: Recognised, path: Path, *, shift_ms: int, newest: int) -> bool:
    """Whether more than half of the events in the log's first 10,000 lines are late compared with ``newest``."""
    limit_ms = newest - ALLOWED_MS - shift_ms
    number = late = 0
    try:
        for at_ms in islice(line_times(source, path, time.time_ns() // 1_000_000), _MAX_LINES):
            number += 1
            late += at_ms < limit_ms
    except BrokenInputError:
        pass  # reported when the lines are sent
    return late * 2 > number
