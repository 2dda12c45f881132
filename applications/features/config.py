"""The job's configuration: property groups in the same file shape as the enrichment job's.

The reference with every key is ``deploy/features_properties.json``.
"""

from pathlib import Path
from typing import Literal

import msgspec

from applications.features.keeping import KeepingConfig
from common.flink.property_groups import (
    ExactlyOnceSinkConfig,
    KafkaConfig,
    Name,
    Positive,
    PropertyGroup,
    read,
    refuse_unknown,
    typed,
)


class JobGroup(PropertyGroup, frozen=True, kw_only=True):
    name: Name = "clickstream-features"
    group_id: Name = "clickstream-features"
    purpose: Name = "security"
    """The features of accounts are made of the enriched topic of this purpose; all others of sessionized events."""
    start: Literal["earliest", "latest"] = "earliest"
    """Where to begin when the group has committed nothing and there is no checkpoint."""
    ahead_ms: Positive = 300_000
    """An event whose time is further ahead of the job's clock counts for nothing. Brokers refuse raw events that are
    ahead by a minute."""
    mirrored_entities: Positive = 20_000
    """Whose state each task holds unpacked in memory as well, some kB each."""


class FeaturesConfig(KeepingConfig, frozen=True, kw_only=True):
    path: Name = "features.yaml"
    most_ids: Positive = 2_000
    """Of an account's newest events, which are known again when they come twice."""


class SinkConfig(ExactlyOnceSinkConfig, frozen=True, kw_only=True):
    transactional_id_prefix: Name = "clickstream-features"


class Config(msgspec.Struct, frozen=True, kw_only=True):
    job: JobGroup
    kafka: KafkaConfig
    features: FeaturesConfig
    sink: SinkConfig


def load(path: Path) -> Config:
    """Read and check the file.

    :raises ConfigError: naming the file, or the group and the invalid key.
    """
    groups = read(path)
    refuse_unknown(groups, Config)
    return Config(
        job=typed(groups, "job", JobGroup),
        kafka=typed(groups, "kafka", KafkaConfig),
        features=typed(groups, "features", FeaturesConfig),
        sink=typed(groups, "sink", SinkConfig),
    )
