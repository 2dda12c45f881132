"""Rows and side outputs of a Flink job, without the parts of PyFlink that cost a call for every record.

Type information is made anew at each use: an object that a connector has used cannot be pickled with a function.
"""

from collections.abc import Mapping
from typing import TypeAlias

from pyflink.common import Row, RowKind, Types
from pyflink.common.typeinfo import TypeInformation
from pyflink.datastream import DataStream, OutputTag

from common.flink.output_record import OutputRecord

Output: TypeAlias = Row | tuple[OutputTag, Row]
"""What a function emits: a row for its main output, or a row with the tag of a side output."""


def record_type(*, with_headers: bool) -> TypeInformation:
    """One Kafka record: topic, key, value, timestamp in ms since 1970 UTC; ``with_headers`` also its headers, which
    may be None.
    """
    byte_array = Types.PRIMITIVE_ARRAY(Types.BYTE())
    names, types = ["topic", "key", "value", "ts"], [Types.STRING(), byte_array, byte_array, Types.LONG()]
    if with_headers:
        names, types = [*names, "headers"], [*types, Types.MAP(Types.STRING(), byte_array)]
    return Types.ROW_NAMED(names, types)


def side_output(stream: DataStream, tag: OutputTag, type_info: TypeInformation) -> DataStream:
    """The stream of a side output.

    ``DataStream.get_side_output`` does the same and adds a Python identity map, which costs two calls into the
    interpreter per event.
    """
    typed = OutputTag(tag.tag_id, type_info)
    return DataStream(stream._j_data_stream.getSideOutput(typed.get_java_output_tag()))


class RecordRow(Row):
    """A row made at half the cost: PyFlink's own class checks each attribute that is set, on every record."""

    _from_dict = False
    _row_kind = RowKind.INSERT
    __setattr__ = object.__setattr__

    def __init__(self, values: list[object]) -> None:
        self._values = values


def as_row(record: OutputRecord) -> Row:
    """A row of :func:`record_type` without headers."""
    return RecordRow([*record])


def as_row_with_headers(headers: Mapping[str, bytes] | None, record: OutputRecord) -> Row:
    """A row of :func:`record_type` with headers."""
    return RecordRow([*record, headers])
