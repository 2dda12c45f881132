"""Batches of records, as the Java beside this module makes and reads them (``common/flink/java``). Pure.

A call from the JVM into Python and back costs about as much as the work on one event. So a function gets many records
in one call, and returns all of its records at once. Both are lists in MessagePack.
"""

from collections.abc import Sequence
from typing import TypeAlias

import msgspec

from common.flink.output_record import ErasingRecord, OutputRecord

RecordWithHeaders: TypeAlias = tuple[str, bytes | None, bytes, int, dict[str, bytes]]
"""An output record, and its headers behind it."""

_decode = msgspec.msgpack.Decoder(list[tuple[int, bytes]]).decode
_encode = msgspec.msgpack.Encoder().encode


def read_batch(batch: bytes) -> list[tuple[int, bytes]]:
    """(event time in ms since 1970 UTC, value) of each record of ``clickstream.job.BatchRecords``, in order."""
    return _decode(batch)


def make_batch(records: Sequence[OutputRecord | ErasingRecord | RecordWithHeaders]) -> bytes:
    """What ``clickstream.job.SplitBatch`` cuts into records and ``clickstream.job.PackedRecord`` reads."""
    return _encode(records)
