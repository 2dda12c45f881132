"""Batches of records, as the Java beside this module makes and reads them (``common/flink/java``). Pure.

A call from the JVM into Python and back costs about as much as the work on one event. So a function gets many records
in one call, and returns all of its records at once. Numbers are big-endian, texts UTF-8.

In, for each record: the length of its value (int32), its event time in ms since 1970 UTC (int64), the value.
Out, for each record: the length of what follows (int32), its timestamp in ms (int64), the lengths of topic (int16), key
(int32, -1 without one) and headers (int32); then topic, key, headers, value. Headers are, for each: the lengths of name
and value (int32 each), the name, the value.
"""

import struct
from collections.abc import Iterator, Mapping

from common.flink.output_record import OutputRecord

_INPUT = struct.Struct(">iq")
_OUTPUT = struct.Struct(">iqhii")
_pack, _unpack_input = _OUTPUT.pack, _INPUT.unpack_from
_HEAD = _OUTPUT.size - 4
"""Bytes of the fixed part that the length in front counts."""
_NAME_AND_VALUE = struct.Struct(">ii")


def read_batch(batch: bytes) -> Iterator[tuple[int, bytes]]:
    """(event time, value) of each record of ``clickstream.job.BatchRecords``, in order."""
    at, end, fixed = 0, len(batch), _INPUT.size
    while at < end:
        length, event_time = _unpack_input(batch, at)
        start = at + fixed
        at = start + length
        yield event_time, batch[start:at]


def append_record(parts: list[bytes], record: OutputRecord, headers: bytes = b"") -> None:
    """Append a record to the parts of a batch. The batch is all parts, joined.

    :param headers: of :func:`packed_headers`.
    """
    topic, key, value, timestamp = record
    name = topic.encode()
    length = _HEAD + len(name) + len(headers) + len(value)
    if key is None:
        parts += (_pack(length, timestamp, len(name), -1, len(headers)), name, headers, value)
    else:
        parts += (_pack(length + len(key), timestamp, len(name), len(key), len(headers)), name, key, headers, value)


def packed_headers(headers: Mapping[str, bytes]) -> bytes:
    parts: list[bytes] = []
    for name, value in headers.items():
        encoded = name.encode()
        parts += (_NAME_AND_VALUE.pack(len(encoded), len(value)), encoded, value)
    return b"".join(parts)
