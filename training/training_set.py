"""``python -m training.training_set``: for each anchor the values of its features as they were at its time.

Exit codes: 0 done; 2 the lake, the anchors or the file of features cannot be used, with the reason in one line.
"""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import duckdb
import pyarrow as pa
import typer

from core.features.model import SESSION, EntityName, FeatureSet, Value
from training.anchors import Anchors, read_anchors
from training.feature_file import SHIPPED, read_features
from training.offline.compute import OfflineFeatures
from training.offline.event_tables import SESSIONS, events_table
from training.offline.sources import SourceError, load_json_lines, load_session_lines, open_lake
from training.problems import TrainingError
from training.table_file import COLUMN_TYPES, write

VERSION: Final = b"features_version"
"""In the metadata of a Parquet file: the digest of the declarations."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(help=__doc__)
def main(
    *,
    anchors: Annotated[Path, typer.Option(help="CSV or Parquet: tstamp, a column for each entity's ids, any others.")],
    out: Annotated[Path, typer.Option(help="The file to write: .parquet or .csv.")],
    lake: Annotated[Path | None, typer.Option(help="A lake's directory, with the purpose behaviour.")] = None,
    events: Annotated[Path | None, typer.Option(help="Instead: enriched events of behaviour as JSON lines.")] = None,
    security: Annotated[Path | None, typer.Option(help="And those of the purpose security.")] = None,
    sessions: Annotated[Path | None, typer.Option(help="And session records as JSON lines.")] = None,
    features: Annotated[Path, typer.Option(help="The declarations.")] = SHIPPED,
    names: Annotated[str, typer.Option(help="Comma-separated; default: all values of the anchors' entities.")] = "",
    part: Annotated[str, typer.Option(help="3/16: the third of 16 parts of the anchors' rows.")] = "1/1",
) -> None:
    """Write a training set."""
    began = time.monotonic()
    try:
        declared = read_features(features)
        given = read_anchors(anchors, declared).part(*read_part(part))
        with duckdb.connect() as database:
            _open(database, lake, {"behaviour": events, "security": security}, sessions)
            found = training_set(database, declared, given, read_names(names))
        write(found, out)
    except (TrainingError, SourceError, OSError) as error:
        print(f"training set: {error}", file=sys.stderr)
        raise typer.Exit(2) from error
    except duckdb.Error as error:  # such as a file that compaction has just merged, or a disk that is full
        print(f"training set: {str(error).partition(chr(10))[0]}", file=sys.stderr)
        raise typer.Exit(2) from error
    values = len(found.column_names) - len(given.rows.column_names)
    print(f"{out}: {len(found):,} rows with {values} values, {time.monotonic() - began:.1f} s, {declared.version=}")


def read_names(text: str) -> list[str] | None:
    """Those between commas; None: there is none."""
    return [each for part in text.split(",") if (each := part.strip())] or None


def read_part(text: str) -> tuple[int, int]:
    """(its number, how many there are).

    :raises TrainingError: for another text than ``3/16``.
    """
    number, _, parts = text.partition("/")
    if not (number.isdecimal() and parts.isdecimal() and 1 <= int(number) <= int(parts)):
        raise TrainingError(f"a part is a number and how many parts there are, such as 3/16, and not {text!r}")
    return int(number), int(parts)


def training_set(
    database: duckdb.DuckDBPyConnection, features: FeatureSet, anchors: Anchors, names: Sequence[str] | None
) -> pa.Table:
    """The anchors' columns, and one for each value. A row without an entity's id has no value of that entity.

    :param database: with the tables of events and sessions.
    :raises TrainingError: for a name that is not declared or has no column of ids, or without what a value needs.
    """
    wanted = _wanted(features, anchors, names)
    offline = OfflineFeatures(database, features)
    _check_there(database, features, wanted)
    table = anchors.rows
    for entity, of_entity in wanted.items():
        rows, asked = anchors.of(entity)
        columns: dict[str, list[Value]] = {name: [None] * len(anchors.times) for name in of_entity}
        for row, values in zip(rows, offline.values(entity, asked, of_entity), strict=True):
            for name, value in values.items():
                columns[name][row] = value
        for name, found in columns.items():
            kind = COLUMN_TYPES[features.by_value_name[name][0].value_type]
            table = table.append_column(name, pa.array(found, kind))
    return table.replace_schema_metadata({**(table.schema.metadata or {}), VERSION: features.version.encode()})


def _open(
    database: duckdb.DuckDBPyConnection,
    lake: Path | None,
    files: dict[str, Path | None],
    sessions: Path | None,
) -> None:
    if lake is not None:
        open_lake(database, lake)
        return
    if not any(files.values()):
        raise TrainingError("name a lake, or a file of events")
    for source, path in files.items():
        if path is not None:
            load_json_lines(database, "security" if source == "security" else "behaviour", path)
    if sessions is not None:
        load_session_lines(database, sessions)


def _wanted(features: FeatureSet, anchors: Anchors, names: Sequence[str] | None) -> dict[EntityName, list[str]]:
    found: dict[EntityName, list[str]] = {}
    for name in features.by_value_name if names is None else names:
        if name not in features.by_value_name:
            raise TrainingError(f"no feature has the value {name!r}")
        if name in anchors.rows.column_names:
            raise TrainingError(f"the anchors have a column {name} already")
        entity = features.by_value_name[name][0].entity
        if entity in anchors.ids:
            found.setdefault(entity, []).append(name)
        elif names is not None:
            raise TrainingError(f"{name} needs a column {entity} in the anchors")
    return found


def _check_there(
    database: duckdb.DuckDBPyConnection, features: FeatureSet, wanted: dict[EntityName, list[str]]
) -> None:
    """Without events or sessions every value would be that of an empty state."""

    def is_empty(table: str) -> bool:
        return not database.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchall()  # noqa: S608  # names of our own

    for source in {features.entities[entity].source for entity in wanted}:
        if is_empty(events_table(source)):
            raise TrainingError(f"there are no events of the purpose {source} (a lake: property lake.purposes)")
    of_sessions = [
        name for names in wanted.values() for name in names if features.by_value_name[name][1].name == SESSION
    ]
    if of_sessions and is_empty(SESSIONS):
        raise TrainingError(
            f"{of_sessions[0]} needs session records (a lake: property lake.sessions); leave it out else"
        )


if __name__ == "__main__":
    app(prog_name="python -m training.training_set")
