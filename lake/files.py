"""How DuckDB, pyarrow and Athena read the lake's files: the paths, views for DuckDB, the DDL for Athena."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from contracts.events.columns import Column, Kind, columns
from lake.store import open_lake_store
from lake.tables import PARTITIONS, SESSIONS_FOLDER, session_records

ATHENA_TYPES: Mapping[Kind, str] = MappingProxyType(
    {"text": "string", "integer": "bigint", "number": "double", "flag": "boolean", "json": "string"}
)
_DUCKDB_TYPES: Mapping[Kind, str] = MappingProxyType(
    {"text": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "flag": "BOOLEAN", "json": "VARCHAR"}
)
FIRST_DAY = "2015-01-01"
COUNTS = "kind <> 'superseded' AND end_reason IS DISTINCT FROM 'opted_out'"
"""Of a session's highest version: a session that is part of another one, or that must be forgotten, counts nothing."""


def data_files(root: Path) -> list[Path]:
    """The files with rows of a table on a local disk; empty if the directory does not exist yet.

    :param root: the lake, for its events, or its folder of sessions.
    """
    return [root / entry.path for entry in open_lake_store(root).data_files()] if root.exists() else []


def duckdb_view(root: Path, name: str = "events", event: tuple[Column, ...] | None = None) -> str:
    """SQL for DuckDB: a view of the lake with every column of the event.

    Files are read by column name, so a file that is older than a column gives NULL for it. In addition the view has
    ``collector_time`` and ``derived_time``: ``collector_tstamp`` and ``derived_tstamp`` as timestamps.
    """
    return _view(root, name, event or columns(), PARTITIONS, ("collector", "derived"))


def duckdb_session_views(root: Path, record: tuple[Column, ...] | None = None) -> str:
    """SQL for DuckDB: the views ``session_records``, every record, and ``sessions``, every session that counts, once.

    A session is its record of the highest version. One that was superseded, or ended by an opt-out, is not shown. So
    sums over ``sessions`` are the sums of the deltas over ``session_records``. All versions of a session are in one
    directory: a condition on ``day`` and ``hour`` reads only these directories, and no version is missed.

    In addition both views have ``start_time`` and ``end_time``, the times as timestamps.

    :param root: the lake.
    """
    table = session_records()
    newest = f"row_number() OVER (PARTITION BY {', '.join((*table.partitions, 'session_id'))} ORDER BY version DESC)"
    records = _view(
        root / SESSIONS_FOLDER, "session_records", record or table.columns, tuple(table.partitions), ("start", "end")
    )
    return (
        f"{records};\n"
        "CREATE OR REPLACE VIEW sessions AS SELECT * FROM\n"
        f"  (SELECT * FROM session_records QUALIFY {newest} = 1)\n"
        f"WHERE {COUNTS}"
    )


def _view(
    root: Path, name: str, record: tuple[Column, ...], partitions: tuple[str, ...], times: tuple[str, ...]
) -> str:
    pattern = f"{root}/{'/'.join(f'{each}=*' for each in partitions)}/[!._]*".replace("'", "''")
    wanted = ", ".join(f'"{column.name}"' for column in record)
    # The empty SELECT has all columns: without it a column that no file has yet would be an error.
    empty = ", ".join(f'NULL::{_DUCKDB_TYPES[column.kind]} AS "{column.name}"' for column in record)
    readable = ",\n".join(f"  make_timestamp({each}_tstamp * 1000) AS {each}_time" for each in times)
    types = ", ".join(f"'{each}': {'DATE' if each == 'day' else 'VARCHAR'}" for each in partitions)
    return (
        f"CREATE OR REPLACE VIEW {name} AS SELECT {wanted}, {', '.join(partitions)},\n{readable}\n"
        f"FROM (SELECT * FROM read_parquet('{pattern}', hive_partitioning = true,\n"
        f"  hive_types = {{{types}}}, union_by_name = true)\n"
        f"  UNION ALL BY NAME SELECT {empty} WHERE false)"
    )


def athena_table(location: str, *, database: str = "clickstream", table: str = "events") -> str:
    """DDL for Athena: an external table with partition projection, so that no partition ever needs to be added.

    ``location`` is ``s3://bucket/prefix``. Every query must name a purpose: Athena requires this of a partition whose
    projection type is ``injected``.
    """
    injected = "  'projection.purpose.type' = 'injected',\n"
    return _athena(location.rstrip("/"), f"`{database}`.`{table}`", columns(), PARTITIONS, injected)


def athena_sessions(location: str, *, database: str = "clickstream") -> tuple[str, str]:
    """DDL for Athena: the table ``session_records``, and the view ``sessions`` as :func:`duckdb_session_views` has it.

    Two statements, because Athena runs one at a time.
    """
    table = session_records()
    root, partitions = f"{location.rstrip('/')}/{SESSIONS_FOLDER}", tuple(table.partitions)
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    by = ", ".join((*partitions, "session_id"))
    return (
        _athena(root, f"`{database}`.`session_records`", table.columns, partitions),
        f'CREATE OR REPLACE VIEW "{database}"."sessions" AS SELECT {names}, {", ".join(partitions)} FROM\n'
        f"  (SELECT *, row_number() OVER (PARTITION BY {by} ORDER BY version DESC) AS place\n"
        f'   FROM "{database}"."session_records")\n'
        f"WHERE place = 1 AND {COUNTS}",
    )


def _athena(root: str, name: str, record: tuple[Column, ...], partitions: tuple[str, ...], injected: str = "") -> str:
    fields = ",\n".join(f"  `{column.name}` {ATHENA_TYPES[column.kind]}" for column in record)
    directories = "/".join(f"{each}=${{{each}}}" for each in partitions)
    return (
        f"CREATE EXTERNAL TABLE {name} (\n{fields}\n)\n"
        f"PARTITIONED BY ({', '.join(f'`{each}` string' for each in partitions)})\n"
        "STORED AS PARQUET\n"
        f"LOCATION '{root}/'\n"
        "TBLPROPERTIES (\n"
        "  'projection.enabled' = 'true',\n"
        f"{injected}"
        f"  'projection.day.type' = 'date', 'projection.day.format' = 'yyyy-MM-dd', "
        f"'projection.day.range' = '{FIRST_DAY},NOW',\n"
        "  'projection.hour.type' = 'integer', 'projection.hour.range' = '0,23', 'projection.hour.digits' = '2',\n"
        f"  'storage.location.template' = '{root}/{directories}/'\n"
        ")"
    )
