"""The job's configuration: property groups in the same file shape as the enrichment job's.

The reference with every key is ``deploy/features_properties.json``.
"""

from pathlib import Path
from typing import Literal

import msgspec

from common.flink.property_groups import (
    ExactlyOnceSinkConfig,
    KafkaConfig,
    Millis,
    Name,
    Positive,
    PropertyGroup,
    read,
    refuse_unknown,
    typed,
)
from common.secret import RedisUrl


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


class FeaturesConfig(PropertyGroup, frozen=True, kw_only=True):
    path: Name = "features.yaml"
    """The file of features: absolute, or beside the property file or the program."""
    redis_url: RedisUrl = RedisUrl()
    """The store that the lookup service answers from; empty: features are in their topic only."""
    publish_ms: Millis = 1_000
    """Of one entity the topic gets a record at most so often, and always the last one; 0: one for each change. The
    store gets each change."""
    publish_values: bool = False
    """Whether a record has the values at its time beside the state. They cost most of what a record costs."""
    waiting: Positive = 50_000
    """Entities that may wait to be written while the store is slow or down. When so many wait, events wait as well."""
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
