"""The store of features, from a shell: what it has of an entity, and all that the topic has put into it again."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

from applications.features.store.feature_store import FeatureStore
from applications.features.store.topic import FeaturesTopic, Restored, Restoring
from common.redis_states.client import connect
from contracts.fixed_topics import FEATURES
from contracts.lookup_api.features import redis_key
from core.features.model import EntityName, FeatureSet, Value
from core.features.stored import decode_entity
from core.features.values import values_at

_TIMEOUT_S = 5.0


class Shown(NamedTuple):
    newest_tstamp: int
    """Of the newest event, ms since 1970 UTC."""
    written_tstamp: int
    values: dict[str, Value]
    """By value name, now."""


class UnreadableError(Exception):
    """Redis has something else than a state, or the state of a later version."""


def show(redis_url: str, features: FeatureSet, entity: EntityName, entity_id: str) -> Shown | None:
    """None: nothing is stored.

    :raises UnreadableError: see there.
    :raises redis.RedisError: Redis could not be asked.
    """
    client: Any = connect(redis_url, _TIMEOUT_S)
    try:
        value = client.get(redis_key(entity, entity_id))
    finally:
        client.close()
    if value is None:
        return None
    found = decode_entity(value)
    if found is None:
        raise UnreadableError(f"what Redis has of this {entity} is no state of this version")
    wanted = ((each, window) for each in features.of(entity) for window in each.windows)
    values = values_at(found.state, wanted, time.time_ns() // 1_000_000, features)
    return Shown(found.state.newest, found.written_ms, values)


def rebuild(
    redis_url: str, bootstrap: str, features: FeatureSet, progress: Callable[[Restored], None], every_s: float
) -> Restored:
    """Puts every record of the topic, and nothing over a newer value. Returns when Redis has all.

    :raises common.kafka.topic_reader.TopicUnavailable: the topic cannot be read.
    :raises redis.RedisError: Redis cannot be reached at the beginning; later on it is waited for.
    """
    connect(redis_url, _TIMEOUT_S).close()
    ttl_s = {name: entity.ttl_ms // 1000 for name, entity in features.entities.items()}
    store = FeatureStore(redis_url, ttl_s=ttl_s)
    told_at = time.monotonic()

    def look() -> bool:
        nonlocal told_at
        if time.monotonic() - told_at >= every_s:
            told_at = time.monotonic()
            progress(restoring.done)
        return False

    restoring = Restoring(FeaturesTopic(bootstrap, None, FEATURES.name, ttl_s), store, look)
    try:
        return restoring.run(None)
    finally:
        store.close()
