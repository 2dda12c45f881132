"""The parked event: a raw record that waits for its lookups, as it lies in Flink's state.

The raw bytes are kept, not a parsed form, so that a new version of the enrichment reads what an older one parked.
Layout, little-endian: bucket (int32), collector_tstamp (int64 ms), etl_tstamp (int64 ms), raw bytes.
"""

import struct
from typing import NamedTuple

_HEADER = struct.Struct("<iqq")


class PendingEvent(NamedTuple):
    bucket: int
    collector_tstamp: int
    etl_tstamp: int
    raw: bytes


def pack(bucket: int, collector_tstamp: int, etl_tstamp: int, raw: bytes) -> bytes:
    return _HEADER.pack(bucket, collector_tstamp, etl_tstamp) + raw


def unpack(packed: bytes) -> PendingEvent:
    bucket, collector_tstamp, etl_tstamp = _HEADER.unpack_from(packed)
    return PendingEvent(bucket, collector_tstamp, etl_tstamp, packed[_HEADER.size :])
