"""Side outputs of a Flink job, without the parts of PyFlink that cost a call for every record.

Type information is made anew at each use: an object that a connector has used cannot be pickled with a function.
"""

from typing import TypeAlias

from pyflink.common import Row, RowKind
from pyflink.common.typeinfo import TypeInformation
from pyflink.datastream import DataStream, OutputTag

Output: TypeAlias = bytes | tuple[OutputTag, bytes | Row]
"""What a function emits: a batch for its main output, or a batch or a row with the tag of a side output."""


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
