"""Reads the raw topic whole: what the outputs are balanced against."""

from contracts.topics import RAW
from ledger.identity import raw_record
from ledger.records import RawRecord
from ledger.topic_reader import Offsets, TopicReader


def read_raw(bootstrap: str, *, topic: str = RAW.name, start: Offsets | None = None) -> list[RawRecord]:
    """All records from the beginning (or from ``start``) to the topic's present end; about 250 bytes of memory each.

    Producers of raw events use no transactions, so every record counts.
    Raises :class:`ledger.topic_reader.TopicUnavailable`.
    """
    records: list[RawRecord] = []
    with TopicReader(bootstrap, [topic], isolation="read_uncommitted", start=start, find_end=True) as reader:
        while not reader.at_end:
            records += [raw_record(message.value(), message.timestamp()[1]) for message in reader.batch(0.5)]
    return records
