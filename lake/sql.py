"""The lake job's three SQL statements: the source table, the sink table, and the INSERT between them.

Both tables have the columns of :mod:`contracts.events.columns`, named as in the event. Times stay integers as in the
event, milliseconds since 1970 UTC. Day and hour of the partition come from the collector's time.
"""

from collections.abc import Mapping
from types import MappingProxyType

from common.flink.property_groups import KafkaConfig
from contracts.events.columns import Column, Kind, columns
from contracts.fixed_topics import enriched_name
from lake.config import LakeConfig

FLINK_TYPES: Mapping[Kind, str] = MappingProxyType(
    {"text": "STRING", "integer": "BIGINT", "number": "DOUBLE", "flag": "BOOLEAN", "json": "STRING"}
)
"""Flink's JSON format reads a list into a STRING column as the list's JSON text."""
PARTITIONS = ("purpose", "day", "hour")
"""Directories of the lake, outermost first: ``purpose=analytics/day=2024-05-01/hour=07``."""

# Computed from 1970, not in the session's time zone: days and hours are UTC wherever the job runs. Minutes since 1970
# fit an INT until the year 6053.
_MINUTE = "TIMESTAMPADD(MINUTE, CAST(collector_tstamp / 60000 AS INT), TIMESTAMP '1970-01-01 00:00:00')"


def source(kafka: KafkaConfig, lake: LakeConfig, event: tuple[Column, ...] | None = None) -> str:
    """Reads committed events, from the group's offsets or else the beginning. Fields without a column are skipped."""
    names = ";".join(enriched_name(purpose) for purpose in lake.purposes.split(","))
    disorder = f"{lake.out_of_orderness_ms / 1000:.3f}"
    options = {
        "connector": "kafka",
        "topic": names,
        "properties.bootstrap.servers": kafka.bootstrap_servers,
        "properties.group.id": lake.group_id,
        "properties.isolation.level": "read_committed",
        "properties.auto.offset.reset": "earliest",
        **{f"properties.{name}": value for name, value in kafka.client_properties().items()},
        "scan.startup.mode": "group-offsets",
        "scan.watermark.idle-timeout": f"{lake.idleness_ms} ms",
        "format": "json",
        # Only the enrichment job writes these topics. A record that is not an event is a bug and must stop the job.
        "json.ignore-parse-errors": "false",
    }
    return (
        "CREATE TEMPORARY TABLE enriched (\n"
        + "".join(f"  {line},\n" for line in _columns(event))
        + "  `kafka_topic` STRING METADATA FROM 'topic' VIRTUAL,\n"
        + "  `collector_time` AS TO_TIMESTAMP_LTZ(collector_tstamp, 3),\n"
        + f"  WATERMARK FOR `collector_time` AS `collector_time` - INTERVAL '{disorder}' SECOND\n"
        + f") WITH ({_options(options)})"
    )


def sink(lake: LakeConfig, event: tuple[Column, ...] | None = None) -> str:
    """Writes Parquet files, which each checkpoint completes."""
    options = {
        "connector": "filesystem",
        "path": lake.path,
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
    partitions = "".join(f",\n  `{name}` STRING" for name in PARTITIONS)
    return (
        "CREATE TEMPORARY TABLE lake (\n  "
        + ",\n  ".join(_columns(event))
        + partitions
        + f"\n) PARTITIONED BY ({', '.join(f'`{name}`' for name in PARTITIONS)}) WITH ({_options(options)})"
    )


def insert(event: tuple[Column, ...] | None = None) -> str:
    """Writes each event into the hour in which it was collected, however late it arrives."""
    names = ",\n  ".join(f"`{column.name}`" for column in event or columns())
    return (
        f"INSERT INTO lake SELECT\n  {names},\n"
        "  REGEXP_EXTRACT(`kafka_topic`, '^clickstream\\.enriched\\.(.+)\\.v[0-9]+$', 1),\n"
        f"  DATE_FORMAT({_MINUTE}, 'yyyy-MM-dd'),\n"
        f"  DATE_FORMAT({_MINUTE}, 'HH')\n"
        "FROM enriched"
    )


def _columns(event: tuple[Column, ...] | None) -> list[str]:
    # All columns are nullable, because older files and events do not have the newer columns.
    return [f"`{column.name}` {FLINK_TYPES[column.kind]}" for column in event or columns()]


def _options(options: Mapping[str, str]) -> str:
    return ", ".join(f"'{name}' = '{_quoted(value)}'" for name, value in options.items())


def _quoted(value: str) -> str:
    return value.replace("'", "''")
