"""The lake's files as DuckDB, pyarrow and Athena read them, and the DDL for Athena."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from contracts.events.columns import Column, Kind, columns
from lake.sql import PARTITIONS
from lake.store import home

ATHENA_TYPES: Mapping[Kind, str] = MappingProxyType(
    {"text": "string", "integer": "bigint", "number": "double", "flag": "boolean", "json": "string"}
)
_DUCKDB_TYPES: Mapping[Kind, str] = MappingProxyType(
    {"text": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "flag": "BOOLEAN", "json": "VARCHAR"}
)
FIRST_DAY = "2015-01-01"


def data_files(root: Path) -> list[Path]:
    """The files with rows of a lake on a local disk; none where there is no lake yet."""
    return [root / entry.path for entry in home(root).data_files()] if root.exists() else []


def duckdb_view(root: Path, name: str = "events", event: tuple[Column, ...] | None = None) -> str:
    """SQL for DuckDB: the lake as a view of every column of the event, whichever files have it.

    Files are read by column name, so one from before a column was added gives NULL there. Beside the columns there
    are ``collector_time`` and ``derived_time``, timestamps of the two integers.
    """
    pattern = f"{root}/purpose=*/day=*/hour=*/[!._]*".replace("'", "''")
    wanted = ", ".join(f'"{column.name}"' for column in event or columns())
    # A first, empty part with all columns: without it a column that no file has yet would be an error.
    empty = ", ".join(f'NULL::{_DUCKDB_TYPES[column.kind]} AS "{column.name}"' for column in event or columns())
    return (
        f"CREATE OR REPLACE VIEW {name} AS SELECT {wanted}, {', '.join(PARTITIONS)},\n"
        "  make_timestamp(collector_tstamp * 1000) AS collector_time,\n"
        "  make_timestamp(derived_tstamp * 1000) AS derived_time\n"
        f"FROM (SELECT * FROM read_parquet('{pattern}', hive_partitioning = true,\n"
        "  hive_types = {'purpose': VARCHAR, 'day': DATE, 'hour': VARCHAR}, union_by_name = true)\n"
        f"  UNION ALL BY NAME SELECT {empty} WHERE false)"
    )


def athena_table(location: str, *, database: str = "clickstream", table: str = "events") -> str:
    """DDL for Athena: an external table whose partitions are computed from the path, so that none must be added.

    ``location`` is ``s3://bucket/prefix``. A purpose must be named in a query, as Athena requires of injected ones.
    """
    place = location.rstrip("/")
    fields = ",\n".join(f"  `{column.name}` {ATHENA_TYPES[column.kind]}" for column in columns())
    return (
        f"CREATE EXTERNAL TABLE `{database}`.`{table}` (\n{fields}\n)\n"
        "PARTITIONED BY (`purpose` string, `day` string, `hour` string)\n"
        "STORED AS PARQUET\n"
        f"LOCATION '{place}/'\n"
        "TBLPROPERTIES (\n"
        "  'projection.enabled' = 'true',\n"
        "  'projection.purpose.type' = 'injected',\n"
        f"  'projection.day.type' = 'date', 'projection.day.format' = 'yyyy-MM-dd', "
        f"'projection.day.range' = '{FIRST_DAY},NOW',\n"
        "  'projection.hour.type' = 'integer', 'projection.hour.range' = '0,23', 'projection.hour.digits' = '2',\n"
        f"  'storage.location.template' = '{place}/purpose=${{purpose}}/day=${{day}}/hour=${{hour}}/'\n"
        ")"
    )
