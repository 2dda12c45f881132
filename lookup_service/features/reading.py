"""Values of features at an instant, for one or several entities: all states in one round trip to Redis."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import structlog

from contracts.lookup_api.features import MAX_TSTAMP, redis_key
from contracts.lookup_api.lookups import Status
from core.features.model import EntityName, Feature, FeatureSet, Value, Window
from core.features.stored import decode_entity
from core.features.values import values_at
from lookup_service.clock import now_ms
from lookup_service.features.declarations import Chosen
from lookup_service.metrics import Metrics
from lookup_service.resolving.shared_redis import SharedRedis

TURN_S: Final = 0.004
"""After so long another request gets its turn: a thousand states take longer than others may wait."""
log = structlog.get_logger(__name__)


class FeatureServices(Protocol):
    """The part of :class:`lookup_service.services.Services` that reading needs."""

    @property
    def features(self) -> FeatureSet | None: ...
    @property
    def features_redis(self) -> SharedRedis: ...
    @property
    def metrics(self) -> Metrics: ...


@dataclass(frozen=True, slots=True)
class EntityValues:
    """What was read of one id."""

    status: Status
    """``ok``; ``missing``: nothing is stored; ``stale``: its newest event is longer ago than the entity's time to live;
    ``invalid``: the asked instant is before its newest event; ``error``: Redis is down, or the state cannot be read."""
    values: Mapping[str, Value] = field(default_factory=dict)
    """By value name; empty for any status but ``ok``."""
    newest_tstamp: int | None = None
    """Of its newest event, ms since 1970 UTC; None for ``missing`` and ``error``."""
    age_ms: int | None = None
    """From the newest event to the instant."""


MISSING: Final = EntityValues("missing")
ERROR: Final = EntityValues("error")


async def read_values(
    services: FeatureServices, wanted: Mapping[EntityName, Sequence[str]], names: Chosen, at: int | None = None
) -> dict[EntityName, list[EntityValues]]:
    """One item for each wanted id, in order; an id that is wanted twice is read once. Never raises.

    :param wanted: entity → its ids.
    :param names: which values, from :func:`lookup_service.features.declarations.choose`.
    :param at: ms since 1970 UTC; None: now, or the id's newest event where that is later by the clock of its sender.
    """
    features = services.features
    places = list(dict.fromkeys((entity, each) for entity, ids in wanted.items() for each in ids))
    if not places:
        return {entity: [] for entity in wanted}
    stored = await services.features_redis.get([redis_key(entity, each) for entity, each in places])
    if features is None or stored is None:
        return {entity: [ERROR] * len(ids) for entity, ids in wanted.items()}
    now = now_ms()
    readers = {entity: EntityReader(entity, names.get(entity, ()), features, now, at) for entity in wanted}
    found: dict[tuple[EntityName, str], EntityValues] = {}
    turn_ends = time.perf_counter() + TURN_S
    for place, value in zip(places, stored, strict=True):
        found[place] = MISSING if value is None else readers[place[0]].values(value)
        if time.perf_counter() > turn_ends:
            await asyncio.sleep(0)
            turn_ends = time.perf_counter() + TURN_S
    unreadable = sum(read is ERROR for read in found.values())
    if unreadable:
        services.metrics.record_unreadable_features(unreadable)
        log.warning("features_unreadable", states=unreadable)
    return {entity: [found[entity, each] for each in ids] for entity, ids in wanted.items()}


class EntityReader:
    """Makes the values of stored states of one entity."""

    def __init__(
        self,
        entity: EntityName,
        wanted: Sequence[tuple[Feature, Window]],
        features: FeatureSet,
        now: int,
        at: int | None,
    ) -> None:
        """:param now, at: as in :func:`read_values`."""
        self._wanted = wanted
        self._features = features
        self._ttl_ms = features.entities[entity].ttl_ms if entity in features.entities else 0
        self._now = now
        self._at = at

    def values(self, value: bytes) -> EntityValues:
        """Of a value as it is in Redis; :data:`ERROR` where it cannot be read."""
        try:
            stored = decode_entity(value)
            if stored is None or not 0 <= stored.state.newest < MAX_TSTAMP:
                return ERROR
            newest = stored.state.newest
            instant = max(self._now, newest) if self._at is None else self._at
            if instant < newest:
                return EntityValues("invalid", newest_tstamp=newest)
            if instant - newest > self._ttl_ms:
                return EntityValues("stale", newest_tstamp=newest, age_ms=instant - newest)
            values = values_at(stored.state, self._wanted, instant, self._features)
            return EntityValues("ok", values, newest, instant - newest)
        except Exception:  # what a tile keeps has no type until it is read: bytes of another origin can raise anything
            return ERROR
