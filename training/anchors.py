"""Reads the anchors of a training set: of whom and as of when values are wanted, and the labels beside them."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from core.features.model import EntityName, FeatureSet
from training.offline.compute import Anchor
from training.offline.sql_text import column, literal
from training.problems import TrainingError

TIME: Final = "tstamp"
_IDS: Final = re.compile(r"VARCHAR|UUID|U?(?:TINY|SMALL|BIG|HUGE)INT|U?INTEGER|ENUM\([^\[]*\)")
"""Types of a column of ids. As a text a double is 17.0, which is nobody's id."""
_READERS: Final = {".csv": "read_csv", ".parquet": "read_parquet"}


@dataclass(frozen=True)
class Anchors:
    rows: pa.Table
    """The file's columns as they are."""
    times: list[int]
    """ms since 1970 UTC."""
    ids: dict[EntityName, list[str | None]]
    """None: the row has none of this entity."""

    def of(self, entity: EntityName) -> tuple[list[int], list[Anchor]]:
        """The numbers of the rows that have an id of the entity, and their anchors."""
        rows = [row for row, entity_id in enumerate(self.ids[entity]) if entity_id]
        return rows, [Anchor(self.ids[entity][row] or "", self.times[row]) for row in rows]

    def part(self, number: int, parts: int) -> "Anchors":
        """The rows of one part, from 1 on. The parts behind each other are the whole, in its order."""
        first, behind = ((each * len(self.times)) // parts for each in (number - 1, number))
        ids = {entity: found[first:behind] for entity, found in self.ids.items()}
        return Anchors(self.rows.slice(first, behind - first), self.times[first:behind], ids)


def read_anchors(path: Path, features: FeatureSet) -> Anchors:
    """:raises TrainingError: for a file that cannot be read, or lacks a time, or the id of any entity."""
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise TrainingError(f"{path}: anchors are a .csv or a .parquet file")
    try:
        with duckdb.connect() as database:
            return _read(database, f"{reader}({literal(str(path))}", path, features.entities)
    except duckdb.Error as error:
        raise TrainingError(f"{path}: {str(error).partition(chr(10))[0]}") from error


def _read(database: duckdb.DuckDBPyConnection, source: str, path: Path, entities: Collection[EntityName]) -> Anchors:
    there = {str(name): str(kind) for name, kind, *_ in database.execute(f"DESCRIBE FROM {source})").fetchall()}
    ids = [name for name in entities if name in there]
    if TIME not in there:
        raise TrainingError(f"{path}: there is no column {TIME}; there are {', '.join(there)}")
    if not ids:
        raise TrainingError(f"{path}: there is no column of an entity: {', '.join(entities)}")
    if source.startswith("read_csv"):
        # An id of digits is no number.
        texts = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in ids)
        source += f", types = {{{texts}}}"
    database.execute(f"CREATE TEMP TABLE given AS FROM {source})")
    given = {str(name): str(kind) for name, kind, *_ in database.execute("DESCRIBE given").fetchall()}
    for name in ids:
        if _IDS.fullmatch(given[name]) is None:
            raise TrainingError(f"{path}: {name} is {given[name]}; ids are texts or whole numbers")
    time = column(TIME)
    match there[TIME]:
        case "BIGINT" | "INTEGER" | "HUGEINT" | "UBIGINT":
            pass
        case kind if kind.startswith(("TIMESTAMP", "DATE")):
            time = f"epoch_ms({time}::TIMESTAMP)" if "ZONE" not in kind else f"epoch_ms({time})"
        case kind:
            raise TrainingError(f"{path}: {TIME} is {kind}; it must be ms since 1970 UTC, or a timestamp")
    wanted = ", ".join([f"{time}::BIGINT", *(f"{column(name)}::VARCHAR" for name in ids)])
    found = database.execute(f"SELECT {wanted} FROM given ORDER BY rowid").fetchall()  # noqa: S608  # quoted names
    if missing := next((number for number, row in enumerate(found, 1) if row[0] is None), None):
        raise TrainingError(f"{path}: row {missing} has no {TIME}")
    rows = database.sql("FROM given ORDER BY rowid").to_arrow_table()
    return Anchors(
        rows,
        [row[0] for row in found],
        {name: [row[place] for row in found] for place, name in enumerate(ids, 1)},
    )
