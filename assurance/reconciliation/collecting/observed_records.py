"""The file of observed records: one JSON line for each batch, written while a collector runs, read afterwards."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from assurance.reconciliation.reading.identity import identifier
from assurance.reconciliation.reading.records import ObservedRecord
from common.kafka.topic_reader import Message

SAMPLES = 3
"""How many enriched values are kept in full, to be shown in the report."""

Row = tuple[int, str | None, str | None, str | None, str | None]
"""Index of the topic, event id, hexadecimal digest, reason, key."""


class Batch(msgspec.Struct, frozen=True):
    ns: int
    """When the batch was received, nanoseconds since 1970 UTC."""
    rows: list[Row]
    samples: list[str] = []
    notes: list[tuple[int, tuple[str, ...]]] = []
    """Index of a row and the notes of its event; only rows with notes are listed."""


class _Header(msgspec.Struct, frozen=True):
    topics: list[str]


_decode_batch = msgspec.json.Decoder(Batch).decode


class ObservedRecordWriter:
    """Writes batches of Kafka messages. ``counts`` has the records so far of each topic, in the order of ``topics``."""

    def __init__(self, file: BinaryIO, topics: Sequence[str], sampled: Sequence[str]) -> None:
        self.counts = [0] * len(topics)
        self._index = {topic: index for index, topic in enumerate(topics)}
        self._identify = [identifier(topic) for topic in topics]
        self._sampled = {self._index[topic] for topic in sampled}
        self._samples_left = SAMPLES
        self._encode = msgspec.json.Encoder().encode
        self._file = file
        self._write_line(_Header(list(topics)))

    def write(self, messages: Sequence[Message], received_ns: int) -> None:
        """``received_ns``: when the batch was received, nanoseconds since 1970 UTC."""
        rows: list[Row] = []
        samples: list[str] = []
        notes: list[tuple[int, tuple[str, ...]]] = []
        for message in messages:
            topic = self._index[message.topic()]
            value = message.value()
            key = message.key()
            event_id, sha256, reason, event_notes = self._identify[topic](value)
            if event_notes:
                notes.append((len(rows), event_notes))
            rows.append((topic, event_id, sha256, reason, None if key is None else key.decode(errors="replace")))
            self.counts[topic] += 1
            if self._samples_left and topic in self._sampled:
                samples.append((value or b"").decode(errors="replace"))
                self._samples_left -= 1
        self._write_line(Batch(received_ns, rows, samples, notes))

    def _write_line(self, line: msgspec.Struct) -> None:
        self._file.write(self._encode(line) + b"\n")


def _batches(path: Path) -> Iterator[tuple[list[str], Batch]]:
    with path.open("rb") as file:
        topics = msgspec.json.decode(file.readline(), type=_Header).topics
        for line in file:
            yield topics, _decode_batch(line)


def read_observed_records(path: Path) -> Iterator[ObservedRecord]:
    """All records of a file, in the order of receipt."""
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
                received_ns=batch.ns,
            )


def read_samples(path: Path) -> list[str]:
    """The first enriched values, as text. They contain personal data: mask them before showing them."""
    return [sample for _, batch in _batches(path) for sample in batch.samples]
