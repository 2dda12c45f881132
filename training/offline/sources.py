"""Makes the tables of events and sessions: of a lake's directory, of JSON lines, or of what a program has in memory."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import duckdb
import msgspec
import pyarrow as pa

from contracts.events.columns import columns
from core.features.source_events import EVENT_TYPES, Source
from lake.files import COUNTS, data_files, duckdb_session_views, duckdb_view
from lake.tables import SESSIONS_FOLDER
from training.offline.event_tables import SESSIONS, create_tables, event_columns, events_table, struct_row
from training.offline.sql_text import column, literal

_VIEW: Final = "lake_events"
_OF_SESSION: Final = "visitor_id, visitor_kind, session_id, start_tstamp, end_tstamp"
_IN_LAKE: Final = frozenset(each.name for each in columns())


class SourceError(Exception):
    """The events cannot be read. One line."""


def open_lake(database: duckdb.DuckDBPyConnection, root: Path) -> None:
    """The lake's events and sessions, as views: each query reads what it needs of the files.

    :raises SourceError: where there is no lake, or a file of it cannot be read.
    """
    try:
        if not data_files(root):
            raise SourceError(f"{root}: no lake with events")
        database.execute(duckdb_view(root, _VIEW))
        for source in EVENT_TYPES:
            wanted = ", ".join(
                column(name) if name in _IN_LAKE else f"NULL::{kind} AS {column(name)}"
                for name, kind in event_columns(source).items()
            )
            database.execute(
                f"CREATE VIEW {events_table(source)} AS SELECT {wanted} FROM {_VIEW} WHERE purpose = {literal(source)}"
            )
        if data_files(root / SESSIONS_FOLDER):
            database.execute(duckdb_session_views(root))
            database.execute(f"CREATE VIEW {SESSIONS} AS SELECT {_OF_SESSION} FROM sessions")
    except (duckdb.Error, OSError) as error:
        raise SourceError(f"{root}: {_first_line(error)}") from error
    create_tables(database)


def load_json_lines(database: duckdb.DuckDBPyConnection, source: Source, path: Path) -> None:
    """Enriched events of a purpose. Fields that no feature can name are skipped.

    :raises SourceError: for a file that cannot be read, or has a line that is no event.
    """
    create_tables(database)
    types = event_columns(source)
    try:
        database.execute(
            f"INSERT INTO {events_table(source)} BY NAME SELECT * FROM read_json({literal(str(path))}, "
            f"format = 'newline_delimited', columns = {{{_types(types.items())}}})"
        )
    except duckdb.Error as error:
        raise SourceError(f"{path}: {_first_line(error)}") from error


def load_session_lines(database: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Session records: of each session the newest version counts, unless it is superseded or opted out.

    :raises SourceError: as :func:`load_json_lines`.
    """
    create_tables(database)
    types = [(name, "VARCHAR") for name in ("visitor_id", "visitor_kind", "session_id", "kind", "end_reason")]
    types += [(name, "BIGINT") for name in ("start_tstamp", "end_tstamp", "version")]
    newest = "row_number() OVER (PARTITION BY session_id ORDER BY version DESC) = 1"
    try:
        database.execute(
            f"INSERT INTO {SESSIONS} BY NAME SELECT {_OF_SESSION} FROM (SELECT * FROM read_json({literal(str(path))}, "
            f"format = 'newline_delimited', columns = {{{_types(types)}}}) QUALIFY {newest}) WHERE {COUNTS}"
        )
    except duckdb.Error as error:
        raise SourceError(f"{path}: {_first_line(error)}") from error


def load_events(database: duckdb.DuckDBPyConnection, source: Source, events: Iterable[msgspec.Struct]) -> None:
    """:param events: of the source's type, in the order in which they were enriched."""
    create_tables(database)
    rows = [struct_row(event, source, place) for place, event in enumerate(events)]
    kinds = {"VARCHAR": pa.string(), "BIGINT": pa.int64(), "DOUBLE": pa.float64(), "BOOLEAN": pa.bool_()}
    schema = pa.schema([(name, kinds[kind]) for name, kind in event_columns(source).items()])
    _insert(database, events_table(source), pa.Table.from_pylist(rows, schema))


def load_sessions(database: duckdb.DuckDBPyConnection, sessions: Iterable[tuple[str, str, str, int, int]]) -> None:
    """:param sessions: (visitor_id, visitor_kind, session_id, start_tstamp, end_tstamp), each session once."""
    create_tables(database)
    names = [name.strip() for name in _OF_SESSION.split(",")]
    found = [dict(zip(names, each, strict=True)) for each in sessions]
    schema = pa.schema([(name, pa.int64() if name.endswith("_tstamp") else pa.string()) for name in names])
    _insert(database, SESSIONS, pa.Table.from_pylist(found, schema))


def _insert(database: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> None:
    database.register("given", rows)
    database.execute(f"INSERT INTO {table} BY NAME SELECT * FROM given")
    database.unregister("given")


def _types(types: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in types)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
