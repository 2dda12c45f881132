"""The side outputs and the types on the wires between the stages, each declared once.

Type information is made anew at each use: an object that a connector has used cannot be pickled with a function.
"""

from pyflink.common import Row, Types
from pyflink.common.typeinfo import TypeInformation
from pyflink.datastream import DataStream, OutputTag

from enrichment_job.records import OutputRecord


def record_type() -> TypeInformation:
    """One Kafka record: topic, key, value, timestamp in ms."""
    byte_array = Types.PRIMITIVE_ARRAY(Types.BYTE())
    return Types.ROW_NAMED(["topic", "key", "value", "ts"], [Types.STRING(), byte_array, byte_array, Types.LONG()])


def parked_type() -> TypeInformation:
    """(bucket, packed event): the shape that PyFlink's keyed operators take, key first."""
    return Types.ROW([Types.INT(), Types.PRIMITIVE_ARRAY(Types.BYTE())])


FAILED = OutputTag("failed", record_type())
LATE = OutputTag("late", record_type())
PARKED = OutputTag("parked", parked_type())


def side_output(stream: DataStream, tag: OutputTag) -> DataStream:
    """The stream of a side output.

    ``DataStream.get_side_output`` does the same and adds a Python identity map, which costs two calls into the
    interpreter per event.
    """
    return DataStream(stream._j_data_stream.getSideOutput(tag.get_java_output_tag()))


def as_row(record: OutputRecord) -> Row:
    return Row(*record)
