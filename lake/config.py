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

PurposeName = Annotated[str, msgspec.Meta(pattern=r"^([a-z][a-z0-9_]*(,[a-z][a-z0-9_]*)*)?$")]
Compression = Annotated[str, msgspec.Meta(pattern=r"^(ZSTD|SNAPPY|GZIP|UNCOMPRESSED)$")]


class LakeConfig(PropertyGroup, frozen=True, kw_only=True):
    """What the job reads, and where and how it writes."""

    name: Name = "clickstream-lake"
    purposes: PurposeName = "analytics"
    """Comma-separated. The job reads the enriched topics of these purposes; empty: of none."""
    sessions: bool = False
    """Whether the job writes the session records. Off by default: a running lake's job cannot be restored with a
    table more, so an upgrade must not add one."""
    group_id: Name = "clickstream-lake"
    path: Annotated[str, msgspec.Meta(pattern=r"^(file|s3)://")]
    """A directory as a URI: ``file:///…``, or ``s3://bucket/…``, which needs Flink's S3 file system as a plug-in."""
    compression: Compression = "ZSTD"
    file_size_mb: Positive = 128
    """Approximate upper bound of a file. The job's compaction merges files up to this size."""
    row_group_mb: Positive = 32
    """Memory that each open partition fills before it writes a row group."""
    out_of_orderness_ms: Millis = 60_000
    idleness_ms: Positive = 60_000
    """A topic partition without events for this long no longer delays the ``_SUCCESS`` markers."""
    commit_delay_minutes: Millis = 5
    """An hour gets its ``_SUCCESS`` marker when the watermark is this far past the hour's end."""

    def __post_init__(self) -> None:
        if not self.purposes and not self.sessions:
            raise ValueError("without purposes and without sessions there is nothing to write")


class Config(msgspec.Struct, frozen=True, kw_only=True):
    kafka: KafkaConfig
    lake: LakeConfig


def load(path: Path) -> Config:
    """Read and check the file.

    :raises ConfigError: naming the file, or the group and the invalid key.
    """
    groups = read(path)
    refuse_unknown(groups, Config)
    return Config(kafka=typed(groups, "kafka", KafkaConfig), lake=typed(groups, "lake", LakeConfig))
