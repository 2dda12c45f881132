"""The feature store's contract: records in Redis, and the lookup service's requests and answers about them.

A record is one Redis string, ``features:{entity}:{id}``, holding the JSON of :class:`FeatureRecord`; a writer replaces
it whole and sets its time to live. Times are milliseconds since 1970 UTC, ages milliseconds.
"""

from typing import Annotated, Literal, get_args

import msgspec

from contracts.lookup_api.lookups import MAX_KEYS, Status

PATH = "/v1/features"
Entity = Literal["user", "session", "listing"]
"""Whose features: ``user_id``, ``domain_sessionid`` or ``listing_id``."""
ENTITIES: tuple[Entity, ...] = get_args(Entity)
MAX_ID_CHARACTERS = 128
"""As of every identifier of a raw event."""

EntityId = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_ID_CHARACTERS)]


def redis_key(entity: Entity, entity_id: str) -> str:
    return f"features:{entity}:{entity_id}"


class FeatureRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What a writer stores."""

    updated_tstamp: int
    """Time of the newest event in it."""
    features: dict[str, int | float | str | bool | None]
    """By name, flat and in snake_case."""


class FeatureResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer for one id. The other fields are present for ``ok`` only; ``stale`` does not occur."""

    status: Status
    features: dict[str, int | float | str | bool | None] | None = None
    updated_tstamp: int | None = None
    age_ms: int | None = None
    """Since ``updated_tstamp``."""


class FeatureRequest(msgspec.Struct, frozen=True):
    ids: Annotated[list[EntityId], msgspec.Meta(max_length=MAX_KEYS)]


class FeatureResponse(msgspec.Struct, frozen=True):
    """One result per id, in order."""

    results: list[FeatureResult]
