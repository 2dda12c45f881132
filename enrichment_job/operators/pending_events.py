"""Parking: the PARKED side output as a keyed stream, without an exchange and without a Python key selector."""

from pyflink.common import Types
from pyflink.datastream import DataStream, KeyedStream
from pyflink.java_gateway import get_gateway

from enrichment_job.operators.buckets import CANDIDATES


def keyed_by_bucket(parked: DataStream) -> KeyedStream:
    """Re-interpret the stream as keyed by its first field.

    Sound only because the emitting subtask picks from :func:`enrichment_job.operators.buckets.own_buckets`.
    """
    jvm = get_gateway().jvm
    keyed = jvm.org.apache.flink.streaming.api.datastream.DataStreamUtils.reinterpretAsKeyedStream(
        parked._j_data_stream, jvm.KeyByKeySelector(), Types.ROW([Types.INT()]).get_java_type_info()
    )
    return KeyedStream(keyed, Types.PRIMITIVE_ARRAY(Types.BYTE()), parked)


def bucket_hashes() -> list[int]:
    """Flink's murmur hash of each candidate bucket key, asked of Flink itself while the job is built."""
    gateway = get_gateway()
    murmur = gateway.jvm.org.apache.flink.util.MathUtils.murmurHash
    row = gateway.jvm.org.apache.flink.types.Row
    return [murmur(row.of(_objects(gateway, key)).hashCode()) for key in range(CANDIDATES)]


def _objects(gateway: object, key: int) -> object:
    array = gateway.new_array(gateway.jvm.java.lang.Object, 1)  # type: ignore[attr-defined]
    array[0] = key
    return array
