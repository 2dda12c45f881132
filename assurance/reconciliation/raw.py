"""Reads the raw topic whole: what the outputs are balanced against."""

from assurance.reconciliation.identity import raw_record
from assurance.reconciliation.records import RawRecord
from common.kafka.topic_reader import Offsets, read_whole
from contracts.topics import RAW


def read_raw(bootstrap: str, *, topic: str = RAW.name, start: Offsets | None = None) -> list[RawRecord]:
    """All records from the beginning (or from ``start``) to the topic's present end; about 250 bytes of memory each.

    Producers of raw events use no transactions, so every record counts.
    Raises :class:`common.kafka.topic_reader.TopicUnavailable`.
    """
    messages = read_whole(bootstrap, [topic], isolation="read_uncommitted", start=start)
    return [raw_record(message.value(), message.timestamp()[1]) for message in messages]
