"""A training set as a file."""

from pathlib import Path
from typing import Final

import msgspec
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from core.features.model import ValueType
from training.problems import TrainingError

COLUMN_TYPES: Final[dict[ValueType, pa.DataType]] = {
    "int": pa.int64(),
    "double": pa.float64(),
    "string": pa.string(),
    "string_list": pa.list_(pa.string()),
}


def write(table: pa.Table, path: Path) -> None:
    """:raises TrainingError: for a file of another kind, or a column that such a file cannot have."""
    try:
        _write(table, path)
    except pa.ArrowException as error:
        raise TrainingError(f"{path}: {str(error).partition(chr(10))[0]}") from error


def _write(table: pa.Table, path: Path) -> None:
    match path.suffix.lower():
        case ".parquet":
            pq.write_table(table, path, compression="zstd")
        case ".csv":
            # A cell has one text: lists are written as JSON.
            for place, field in enumerate(table.schema):
                if pa.types.is_list(field.type):
                    texts = [
                        None if each is None else msgspec.json.encode(each).decode()
                        for each in table[place].to_pylist()
                    ]
                    table = table.set_column(place, field.name, pa.array(texts, pa.string()))
            pa.csv.write_csv(table, path)
        case _:
            raise TrainingError(f"{path}: the training set is a .parquet or a .csv file")
