"""Pending events: raw records that wait for their lookups in Flink's keyed state, and the keys under which they wait.

The hot path sends a pending event to the side output PENDING under one of its own buckets, and the cold path keeps it
in keyed list state. The stream between them is not exchanged over the network: it is re-interpreted as keyed. Every
subtask may then only use keys whose key group is its own. Flink's rule: key group = murmur(hash(key)) mod maximum
parallelism, owner = key group * parallelism // maximum parallelism (``KeyGroupRangeAssignment``).
"""

import struct
from collections.abc import Sequence
from typing import NamedTuple

from pyflink.common import Types
from pyflink.datastream import DataStream, KeyedStream
from pyflink.java_gateway import get_gateway

PER_SUBTASK = 64
"""Buckets that a subtask uses in turn: more than there are lookup batches under way at a time. So the events of one
batch have a bucket of their own, and it empties at once."""

CANDIDATES = 1_024
"""Keys whose hashes are shipped with the job: 8 or more for each subtask up to a parallelism of about 100."""

_HEADER = struct.Struct("<iqq")
"""Little-endian: bucket (int32), collector_tstamp (int64 ms), etl_tstamp (int64 ms); the raw bytes follow. State
holds no parsed form, so that a new version of the job reads what an older one wrote."""


class PendingEvent(NamedTuple):
    bucket: int
    collector_tstamp: int
    etl_tstamp: int
    raw: bytes


def pack(bucket: int, collector_tstamp: int, etl_tstamp: int, raw: bytes) -> bytes:
    """The event as it lies in Flink's state."""
    return _HEADER.pack(bucket, collector_tstamp, etl_tstamp) + raw


def unpack(packed: bytes) -> PendingEvent:
    bucket, collector_tstamp, etl_tstamp = _HEADER.unpack_from(packed)
    return PendingEvent(bucket, collector_tstamp, etl_tstamp, packed[_HEADER.size :])


def own_buckets(hashes: Sequence[int], subtask: int, parallelism: int, max_parallelism: int) -> list[int]:
    """The first keys that belong to this subtask, :data:`PER_SUBTASK` at most.

    :param hashes: Flink's murmur hash of each candidate key, the key being the index.
    :raises ValueError: if there is none. More candidates would help.
    """
    own: list[int] = []
    for key, hashed in enumerate(hashes):
        if (hashed % max_parallelism) * parallelism // max_parallelism == subtask:
            own.append(key)
            if len(own) == PER_SUBTASK:
                break
    if not own:
        raise ValueError(f"no bucket for subtask {subtask} of {parallelism}, maximum parallelism {max_parallelism}")
    return own


def bucket_hashes() -> list[int]:
    """Flink's murmur hash of each candidate key, asked of Flink itself while the job is built."""
    gateway = get_gateway()
    murmur = gateway.jvm.org.apache.flink.util.MathUtils.murmurHash
    row = gateway.jvm.org.apache.flink.types.Row
    return [murmur(row.of(_objects(gateway, key)).hashCode()) for key in range(CANDIDATES)]


def keyed_by_bucket(pending: DataStream) -> KeyedStream:
    """Re-interpret the stream as keyed by its first field, without an exchange and without a Python key selector.

    This is sound only because the emitting subtask picks from its :func:`own_buckets`.
    """
    jvm = get_gateway().jvm
    keyed = jvm.org.apache.flink.streaming.api.datastream.DataStreamUtils.reinterpretAsKeyedStream(
        pending._j_data_stream, jvm.KeyByKeySelector(), Types.ROW([Types.INT()]).get_java_type_info()
    )
    return KeyedStream(keyed, Types.PRIMITIVE_ARRAY(Types.BYTE()), pending)


def _objects(gateway: object, key: int) -> object:
    array = gateway.new_array(gateway.jvm.java.lang.Object, 1)  # type: ignore[attr-defined]
    array[0] = key
    return array
