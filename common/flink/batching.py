"""The stage in front of a Python function that takes many records in one call (docs/decisions/0017-batches.md)."""

from pyflink.common import Types
from pyflink.common.typeinfo import TypeInformation
from pyflink.datastream import DataStream
from pyflink.java_gateway import get_gateway

_MOST_RECORDS = 64
"""Half of the cost of a call is saved by 8 records, nearly all by 64. More would only be waited for."""
_MOST_BYTES = 256 * 1024
_LONGEST_MS = 2
"""How long a record waits for others. A fast stream fills its batches sooner."""


def batch_type() -> TypeInformation:
    """A batch is bytes, see :mod:`common.flink.record_batches`."""
    return Types.PRIMITIVE_ARRAY(Types.BYTE())


def in_batches(stream: DataStream) -> DataStream:
    """The stream's records, bytes with an event time, as :func:`common.flink.record_batches.read_batch` reads them.

    No batch extends over a checkpoint barrier or a watermark, so that the stage has no state and lateness is judged as
    if each record came alone.
    """
    factory = get_gateway().jvm.clickstream.job.BatchRecords.Factory(_MOST_RECORDS, _MOST_BYTES, _LONGEST_MS)
    batches = stream._j_data_stream.transform("batches", batch_type().get_java_type_info(), factory)
    return DataStream(batches.uid("batches"))
