"""The properties ``features`` that both jobs with features have."""

from common.flink.property_groups import Millis, Positive, PropertyGroup
from common.secret import RedisUrl


class KeepingConfig(PropertyGroup, frozen=True, kw_only=True):
    path: str = "features.yaml"
    """The file of features: absolute, or beside the property file or the program."""
    redis_url: RedisUrl = RedisUrl()
    """The store that the lookup service answers from; empty: features are in their topic only."""
    publish_ms: Millis = 60_000
    """Of one entity the topic gets a record at most so often, and always the last one; 0: one for each change. The
    store gets each change at once, so the topic is for filling it, and for readers who can wait."""
    publish_values: bool = False
    """Whether a record has the values at its time beside the state. They cost most of what a record costs."""
    waiting: Positive = 50_000
    """Entities that may wait to be written while the store is slow or down. When so many wait, events wait as well."""
