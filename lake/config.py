"""The lake job's configuration: property groups in the same file shape as the enrichment job's.

The reference with every key is ``deploy/lake_properties.json``.
"""

from pathlib import Path
from typing import Annotated

import msgspec

from common.flink.property_groups import (
    KafkaConfig,
    Millis,
    Name,
    Positive,
    PropertyGroup,
    read,
    refuse_unknown,
    typed,
)

PurposeName = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]*(,[a-z][a-z0-9_]*)*$")]
Compression = Annotated[str, msgspec.Meta(pattern=r"^(ZSTD|SNAPPY|GZIP|UNCOMPRESSED)$")]


class LakeConfig(PropertyGroup, frozen=True, kw_only=True):
    """What is read, and where and how it is written."""

    name: Name = "clickstream-lake"
    purposes: PurposeName = "analytics"
    """Comma-separated: their enriched topics are read."""
    group_id: Name = "clickstream-lake"
    path: Annotated[str, msgspec.Meta(pattern=r"^(file|s3)://")]
    """A directory as URI: ``file:///…``, or ``s3://bucket/…`` with Flink's S3 file system as a plug-in."""
    compression: Compression = "ZSTD"
    file_size_mb: Positive = 128
    """No file grows beyond about this; compaction fills up to it."""
    row_group_mb: Positive = 32
    """Memory that each open partition may take before a row group is written."""
    out_of_orderness_ms: Millis = 60_000
    idleness_ms: Positive = 60_000
    """A partition of a topic without events for so long no longer holds back the hours' markers."""
    commit_delay_minutes: Millis = 5
    """An hour gets its ``_SUCCESS`` when the watermark is so far past its end."""


class Config(msgspec.Struct, frozen=True, kw_only=True):
    kafka: KafkaConfig
    lake: LakeConfig


def load(path: Path) -> Config:
    """Read and check the file.

    :raises ConfigError: naming the file, or the group and key at fault.
    """
    groups = read(path)
    refuse_unknown(groups, Config)
    return Config(kafka=typed(groups, "kafka", KafkaConfig), lake=typed(groups, "lake", LakeConfig))
