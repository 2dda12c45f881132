"""The receipts file: what a collector saw, one JSON line a batch, written while it runs, analysed after it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from assurance.reconciliation.identity import identifier
from assurance.reconciliation.records import ObservedRecord
from common.kafka.topic_reader import Message

SAMPLES = 3
"""Enriched values kept whole, to show."""

Row = tuple[int, str | None, str | None, str | None, str | None]
"""Index of the topic, event id, hexadecimal digest, reason, key."""


class Batch(msgspec.Struct, frozen=True):
    ns: int
    rows: list[Row]
    samples: list[str] = []
    notes: list[tuple[int, tuple[str, ...]]] = []
    """Index of the row, and the notes of its event; only of rows that have some."""


class _Header(msgspec.Struct, frozen=True):
    topics: list[str]


_decode_batch = msgspec.json.Decoder(Batch).decode


class ObservedRecordWriter:
    """Notes batches of Kafka messages; ``counts`` is records so far per topic, in the order of ``topics``."""

    def __init__(self, file: BinaryIO, topics: Sequence[str], sampled: Sequence[str]) -> None:
        self.counts = [0] * len(topics)
        self._index = {topic: index for index, topic in enumerate(topics)}
        self._identify = [identifier(topic) for topic in topics]
        self._sampled = {self._index[topic] for topic in sampled}
        self._samples_left = SAMPLES
        self._encode = msgspec.json.Encoder().encode
        self._file = file
        self._write(_Header(list(topics)))

    def note(self, messages: Sequence[Message], receipt_ns: int) -> None:
        rows: list[Row] = []
        samples: list[str] = []
        notes: list[tuple[int, tuple[str, ...]]] = []
        for message in messages:
            topic = self._index[message.topic()]
            value = message.value()
            key = message.key()
            event_id, sha256, reason, noted = self._identify[topic](value)
            if noted:
                notes.append((len(rows), noted))
            rows.append((topic, event_id, sha256, reason, None if key is None else key.decode(errors="replace")))
            self.counts[topic] += 1
            if self._samples_left and topic in self._sampled:
                samples.append((value or b"").decode(errors="replace"))
                self._samples_left -= 1
        self._write(Batch(receipt_ns, rows, samples, notes))

    def _write(self, line: msgspec.Struct) -> None:
        self._file.write(self._encode(line) + b"\n")


def _batches(path: Path) -> Iterator[tuple[list[str], Batch]]:
    with path.open("rb") as file:
        topics = msgspec.json.decode(file.readline(), type=_Header).topics
        for line in file:
            yield topics, _decode_batch(line)


def read_receipts(path: Path) -> Iterator[ObservedRecord]:
    """All receipts of a file, in the order they came."""
    for topics, batch in _batches(path):
        notes = dict(batch.notes)
        for number, (topic, event_id, sha256, reason, key) in enumerate(batch.rows):
            yield ObservedRecord(
                topic=topics[topic],
                event_id=event_id,
                sha256=None if sha256 is None else bytes.fromhex(sha256),
                reason=reason,
                key=key,
                notes=notes.get(number, ()),
                receipt_ns=batch.ns,
            )


def read_samples(path: Path) -> list[str]:
    """The first enriched values, as text: personal data inside, mask before showing."""
    return [sample for _, batch in _batches(path) for sample in batch.samples]
