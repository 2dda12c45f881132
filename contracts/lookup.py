"""The lookup service's contract: what the job asks and what the service answers.

A request is a batch of typed keys; the answer has one result per key, in the same order. Field names in a
result's ``value`` are already the enriched event's names, so an answer is merged, never translated.
Times are milliseconds since 1970 UTC, ages milliseconds.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

import msgspec

PATH = "/v1/lookup"
DEADLINE_HEADER = "x-deadline-ms"
"""How long the caller will wait, in milliseconds from receipt."""
MAX_KEYS = 1000
"""Most keys in one request; more is answered with 413."""

Kind = Literal["ip", "user", "listing"]
KINDS: tuple[Kind, ...] = ("ip", "user", "listing")
Status = Literal["ok", "stale", "missing", "timeout", "error"]
"""ok: current; stale: older than its time to live, source not reachable; missing: there is no such record,
or the event carries no such key; timeout: no answer in time; error: the source failed."""


class LookupKey(msgspec.Struct, frozen=True):
    kind: Kind
    key: Annotated[str, msgspec.Meta(max_length=128)]


class LookupRequest(msgspec.Struct, frozen=True):
    keys: Annotated[list[LookupKey], msgspec.Meta(max_length=MAX_KEYS)]


class Geo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where an address is: Snowplow's names. Countries are ISO 3166-1 alpha-2, regions ISO 3166-2's second part."""

    geo_country: str | None = None
    geo_region: str | None = None
    geo_region_name: str | None = None
    geo_city: str | None = None
    geo_zipcode: str | None = None
    geo_latitude: float | None = None
    geo_longitude: float | None = None
    geo_timezone: str | None = None


class UserProfile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the marketplace knows of an account."""

    user_registered_tstamp: int | None = None
    user_segment: str | None = None
    user_type: Literal["private", "professional"] | None = None
    user_verified: bool | None = None


class ListingProfile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the marketplace knows of a listing."""

    listing_category: str | None = None
    listing_price: float | None = None
    listing_currency: str | None = None
    listing_seller_id: str | None = None
    listing_created_tstamp: int | None = None


Value = Geo | UserProfile | ListingProfile
VALUE_TYPES: Mapping[Kind, type[Value]] = MappingProxyType({"ip": Geo, "user": UserProfile, "listing": ListingProfile})


class LookupResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer for one key. ``value`` is the JSON of ``VALUE_TYPES[kind]``; present for ok and stale only."""

    status: Status
    value: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    source: str | None = None
    data_version: str | None = None
    age_ms: int | None = None


class LookupResponse(msgspec.Struct, frozen=True):
    results: list[LookupResult]
