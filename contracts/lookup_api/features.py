"""Reading features: where their states are in Redis, and the lookup service's requests and answers about them.

A state is one Redis value, ``features:{entity}:{id}``, written by the jobs (:mod:`core.features.stored` says of what it
is made). The lookup service makes the values of the instant of reading from it. Times are milliseconds since 1970 UTC,
ages milliseconds.
"""

from typing import Annotated, Literal, TypeAlias, get_args

import msgspec

from contracts.lookup_api.lookups import MAX_KEYS, Status

PATH = "/v1/features"
Entity = Literal["browser", "session", "user", "listing", "seller", "account"]
"""Whose features: ``domain_userid``, ``session_id``, ``user_id`` (browser, session and user: of consented behaviour),
``listing_id``, ``listing_seller_id``, or ``user_id`` by the purpose security (account)."""
ENTITIES: tuple[Entity, ...] = get_args(Entity)
MAX_ID_CHARACTERS = 128
"""As of every identifier of a raw event."""
MAX_NAMES = 1000
MAX_NAME_CHARACTERS = 256
MAX_TSTAMP = 4_102_444_800_000
"""2100-01-01, as in the raw event's contract."""

EntityId = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_ID_CHARACTERS)]
ValueName = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_NAME_CHARACTERS)]
"""Such as ``browser__listing_views__1h``."""
FeatureValue: TypeAlias = int | float | str | bool | list[str] | None
"""None: there is none, such as the mean of no event."""


def redis_key(entity: Entity, entity_id: str) -> str:
    return f"features:{entity}:{entity_id}"


class FeatureResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer for one id.

    ``missing``: nothing is stored. ``stale``: its newest event is longer ago than the entity's time to live.
    ``invalid``: the asked instant is before its newest event. ``error``: Redis is down, or the state cannot be read.
    """

    status: Status
    features: dict[str, FeatureValue] | None = None
    """By value name, at the asked instant. Present for ``ok`` only."""
    updated_tstamp: int | None = None
    """Of the newest event in it. Present for ``ok``, ``stale`` and ``invalid``."""
    age_ms: int | None = None
    """At the asked instant, since ``updated_tstamp``. Present for ``ok`` and ``stale``."""


class FeatureRequest(msgspec.Struct, frozen=True):
    ids: Annotated[list[EntityId], msgspec.Meta(max_length=MAX_KEYS)]
    names: Annotated[list[ValueName], msgspec.Meta(max_length=MAX_NAMES)] | None = None
    """Which values; default: all of the entity."""
    at: Annotated[int, msgspec.Meta(ge=0, lt=MAX_TSTAMP)] | None = None
    """The instant of which the values are wanted; default: now. Not before the newest event of an id."""


class FeatureResponse(msgspec.Struct, frozen=True):
    """One result per id, in order."""

    results: list[FeatureResult]
