from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from assurance.reconciliation.collecting.observed_records import (
    ObservedRecordWriter,
    read_observed_records,
    read_samples,
)
from assurance.reconciliation.reading.records import ObservedRecord
from contracts.topics import ANALYTICS, FAILED, LATE

TOPICS = [ANALYTICS.name, LATE.name, FAILED.name]
DIGEST = sha256(b"payload")
FAILED_VALUE = b'{"failure":{"type":"json"},"payload":{"sha256":"%s"}}' % DIGEST.hexdigest().encode()


@dataclass
class Record:
    """A Kafka message as the client library hands it over."""

    _topic: str
    _value: bytes | None
    _key: bytes | None = None

    def topic(self) -> str:
        return self._topic

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return 0

    def key(self) -> bytes | None:
        return self._key

    def value(self) -> bytes | None:
        return self._value

    def timestamp(self) -> tuple[int, int]:
        return 1, 0

    def error(self) -> None:
        return None


def _written(tmp_path: Path, *batches: tuple[int, list[Record]]) -> tuple[Path, list[int]]:
    file = BytesIO()
    writer = ObservedRecordWriter(file, TOPICS, sampled=[ANALYTICS.name])
    for received_ns, records in batches:
        writer.write(records, received_ns)
    path = tmp_path / "receipts.jsonl"
    path.write_bytes(file.getvalue())
    return path, writer.counts


def test_identities_and_times_are_read_back(tmp_path: Path) -> None:
    path, counts = _written(
        tmp_path,
        (7, [Record(ANALYTICS.name, b'{"event_id":"event-a"}', b"user-1"), Record(FAILED.name, FAILED_VALUE)]),
        (9, [Record(LATE.name, b'{"event_id":"event-b","lateness_ms":1}', b"\xff"), Record(ANALYTICS.name, None)]),
    )
    assert list(read_observed_records(path)) == [
        ObservedRecord(topic=ANALYTICS.name, event_id="event-a", key="user-1", received_ns=7),
        ObservedRecord(topic=FAILED.name, event_id=None, sha256=DIGEST.digest(), reason="json", received_ns=7),
        ObservedRecord(topic=LATE.name, event_id="event-b", reason="up to 1 min late", key="\ufffd", received_ns=9),
        ObservedRecord(topic=ANALYTICS.name, event_id=None, reason="unreadable", received_ns=9),
    ]
    assert counts == [2, 1, 1]


def test_notes_stay_with_their_rows(tmp_path: Path) -> None:
    odd = b'{"event_id":"event-b","field_errors":[{"field":"actor.useragent","reason":"cut"}],"geo_status":"invalid"}'
    path, _ = _written(tmp_path, (1, [Record(ANALYTICS.name, b'{"event_id":"event-a"}'), Record(ANALYTICS.name, odd)]))
    assert [(each.event_id, each.notes) for each in read_observed_records(path)] == [
        ("event-a", ()),
        ("event-b", ("repaired actor.useragent cut", "invalid geo_status")),
    ]


def test_the_first_three_enriched_values_are_kept_as_samples(tmp_path: Path) -> None:
    events = [Record(ANALYTICS.name, b'{"event_id":"event-%d"}' % n) for n in range(5)]
    path, _ = _written(tmp_path, (1, [Record(FAILED.name, FAILED_VALUE), *events[:2]]), (2, events[2:]))
    assert read_samples(path) == ['{"event_id":"event-0"}', '{"event_id":"event-1"}', '{"event_id":"event-2"}']


def test_a_file_without_records_is_read_as_empty(tmp_path: Path) -> None:
    path, counts = _written(tmp_path)
    assert list(read_observed_records(path)) == []
    assert read_samples(path) == []
    assert counts == [0, 0, 0]
