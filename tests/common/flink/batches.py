"""Batches as the Java makes and reads them."""

from collections.abc import Sequence
from typing import Any

import msgspec


def input_batch(records: Sequence[tuple[int, bytes]]) -> bytes:
    """:param records: (event time, value) of each."""
    return msgspec.msgpack.encode(records)


def output_records(batch: bytes) -> list[tuple[Any, ...]]:
    """(topic, key, value, timestamp) of each record, and its headers where it has any."""
    return [tuple(record) for record in msgspec.msgpack.decode(batch)]
