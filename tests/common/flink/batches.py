"""Batches as the Java makes and reads them, written a second time: what Python writes must be what Java reads."""

import struct
from collections.abc import Iterable
from typing import Any


def input_batch(records: Iterable[tuple[int, bytes]]) -> bytes:
    """:param records: (event time, value) of each."""
    return b"".join(
        len(value).to_bytes(4, "big") + event_time.to_bytes(8, "big", signed=True) + value
        for event_time, value in records
    )


def output_records(batch: bytes) -> list[tuple[Any, ...]]:
    """(topic, key, value, timestamp) of each record, and its headers where it has any."""
    found = []
    while batch:
        length = int.from_bytes(batch[:4], "big")
        entry, batch = batch[4 : 4 + length], batch[4 + length :]
        assert len(entry) == length
        timestamp, topic_length, key_length, headers_length = struct.unpack_from(">qhii", entry)
        topic, rest = _cut(entry[18:], topic_length)
        key, rest = _cut(rest, max(0, key_length))
        headers, value = _cut(rest, headers_length)
        record = (topic.decode(), None if key_length < 0 else key, value, timestamp)
        found.append((*record, _headers(headers)) if headers else record)
    return found


def _headers(packed: bytes) -> dict[str, bytes]:
    found = {}
    while packed:
        name_length, value_length = struct.unpack_from(">ii", packed)
        name, packed = _cut(packed[8:], name_length)
        found[name.decode()], packed = _cut(packed, value_length)
    return found


def _cut(text: bytes, length: int) -> tuple[bytes, bytes]:
    assert len(text) >= length
    return text[:length], text[length:]
