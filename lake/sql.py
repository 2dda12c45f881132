"""The lake job's SQL statements: for each table a source, a sink, and the INSERT between them.

Both have the table's columns, named as in the record. Times stay integers as in the record, milliseconds since 1970
UTC.
"""

from collections.abc import Mapping
from types import MappingProxyType

from common.flink.property_groups import KafkaConfig
from contracts.events.columns import Column, Kind
from lake.config import LakeConfig
from lake.tables import LakeTable

FLINK_TYPES: Mapping[Kind, str] = MappingProxyType(
    {"text": "STRING", "integer": "BIGINT", "number": "DOUBLE", "flag": "BOOLEAN", "json": "STRING"}
)
"""Flink's JSON format reads a list or a map into a STRING column as its JSON text."""


def source(kafka: KafkaConfig, lake: LakeConfig, table: LakeTable) -> str:
    """Reads committed records, from the group's offsets or else the beginning. Fields without a column are skipped."""
    disorder = f"{lake.out_of_orderness_ms / 1000:.3f}"
    time = f"{table.event_time.removesuffix('_tstamp')}_time"
    options = {
        "connector": "kafka",
        "topic": ";".join(table.topics),
        "properties.bootstrap.servers": kafka.bootstrap_servers,
        "properties.group.id": lake.group_id,
        "properties.isolation.level": "read_committed",
        "properties.auto.offset.reset": "earliest",
        **{f"properties.{name}": value for name, value in kafka.client_properties().items()},
        "scan.startup.mode": "group-offsets",
        "scan.watermark.idle-timeout": f"{lake.idleness_ms} ms",
        "format": "json",
        # Only this project's jobs write these topics. A record of another form is a bug and must stop the job.
        "json.ignore-parse-errors": "false",
    }
    return (
        f"CREATE TEMPORARY TABLE {table.source} (\n"
        + "".join(f"  {line},\n" for line in _columns(table))
        + "  `kafka_topic` STRING METADATA FROM 'topic' VIRTUAL,\n"
        + f"  `{time}` AS TO_TIMESTAMP_LTZ({table.event_time}, 3),\n"
        + f"  WATERMARK FOR `{time}` AS `{time}` - INTERVAL '{disorder}' SECOND\n"
        + f") WITH ({_options(options)})"
    )


def sink(lake: LakeConfig, table: LakeTable) -> str:
    """Writes Parquet files, which each checkpoint completes."""
    options = {
        "connector": "filesystem",
        "path": f"{lake.path.rstrip('/')}/{table.folder}" if table.folder else lake.path,
        "format": "parquet",
        "parquet.compression": lake.compression,
        "parquet.block.size": str(lake.row_group_mb * 1024 * 1024),
        "sink.rolling-policy.file-size": f"{lake.file_size_mb}MB",
        "auto-compaction": "true",
        "compaction.file-size": f"{lake.file_size_mb}MB",
        "sink.partition-commit.trigger": "partition-time",
        "sink.partition-commit.delay": f"{60 + lake.commit_delay_minutes} min",
        "sink.partition-commit.watermark-time-zone": "UTC",
        "sink.partition-commit.policy.kind": "success-file",
        "partition.time-extractor.timestamp-pattern": "$day $hour:00:00",
    }
    partitions = "".join(f",\n  `{name}` STRING" for name in table.partitions)
    return (
        f"CREATE TEMPORARY TABLE {table.sink} (\n  "
        + ",\n  ".join(_columns(table))
        + partitions
        + f"\n) PARTITIONED BY ({', '.join(f'`{name}`' for name in table.partitions)}) WITH ({_options(options)})"
    )


def insert(table: LakeTable) -> str:
    """Writes each record into its directory, however late it arrives."""
    values = ",\n  ".join((*map(_value, table.columns), *table.partitions.values()))
    return f"INSERT INTO {table.sink} SELECT\n  {values}\nFROM {table.source}"


def _columns(table: LakeTable) -> list[str]:
    # All columns are nullable, because older files and records do not have the newer columns.
    return [f"`{column.name}` {FLINK_TYPES[column.kind]}" for column in table.columns]


def _value(column: Column) -> str:
    """A record leaves out a field that has its default value. The row has the value."""
    if column.default is None:
        return f"`{column.name}`"
    default = f"'{_quoted(str(column.default))}'"
    return f"COALESCE(`{column.name}`, CAST({default} AS {FLINK_TYPES[column.kind]}))"


def _options(options: Mapping[str, str]) -> str:
    return ", ".join(f"'{name}' = '{_quoted(value)}'" for name, value in options.items())


def _quoted(value: str) -> str:
    return value.replace("'", "''")
