"""How DuckDB, pyarrow and Athena read the lake's files: the paths, a DuckDB view, the DDL for Athena."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from contracts.events.columns import Column, Kind, columns
from lake.sql import PARTITIONS
from lake.store import open_lake_store

ATHENA_TYPES: Mapping[Kind, str] = MappingProxyType(
    {"text": "string", "integer": "bigint", "number": "double", "flag": "boolean", "json": "string"}
)
_DUCKDB_TYPES: Mapping[Kind, str] = MappingProxyType(
    {"text": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "flag": "BOOLEAN", "json": "VARCHAR"}
)
FIRST_DAY = "2015-01-01"


def data_files(root: Path) -> list[Path]:
    """The files with rows of a lake on a local disk; empty if the directory does not exist yet."""
    return [root / entry.path for entry in open_lake_store(root).data_files()] if root.exists() else []


def duckdb_view(root: Path, name: str = "events", event: tuple[Column, ...] | None = None) -> str:
    """SQL for DuckDB: a view of the lake with every column of the event.

    Files are read by column name, so a file that is older than a column gives NULL for it. In addition the view has
    ``collector_time`` and ``derived_time``: ``collector_tstamp`` and ``derived_tstamp`` as timestamps.
    """
    pattern = f"{root}/purpose=*/day=*/hour=*/[!._]*".replace("'", "''")
    wanted = ", ".join(f'"{column.name}"' for column in event or columns())
    # The empty SELECT has all columns: without it a column that no file has yet would be an error.
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
    """DDL for Athena: an external table with partition projection, so that no partition ever needs to be added.

    ``location`` is ``s3://bucket/prefix``. Every query must name a purpose: Athena requires this of a partition whose
    projection type is ``injected``.
    """
    root = location.rstrip("/")
    fields = ",\n".join(f"  `{column.name}` {ATHENA_TYPES[column.kind]}" for column in columns())
    return (
        f"CREATE EXTERNAL TABLE `{database}`.`{table}` (\n{fields}\n)\n"
        "PARTITIONED BY (`purpose` string, `day` string, `hour` string)\n"
        "STORED AS PARQUET\n"
        f"LOCATION '{root}/'\n"
        "TBLPROPERTIES (\n"
        "  'projection.enabled' = 'true',\n"
        "  'projection.purpose.type' = 'injected',\n"
        f"  'projection.day.type' = 'date', 'projection.day.format' = 'yyyy-MM-dd', "
        f"'projection.day.range' = '{FIRST_DAY},NOW',\n"
        "  'projection.hour.type' = 'integer', 'projection.hour.range' = '0,23', 'projection.hour.digits' = '2',\n"
        f"  'storage.location.template' = '{root}/purpose=${{purpose}}/day=${{day}}/hour=${{hour}}/'\n"
        ")"
    )
