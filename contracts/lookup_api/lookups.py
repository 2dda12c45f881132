"""The lookup service's contract: requests and answers of ``POST /v1/lookup``.

A request is a batch of typed keys; the answer has one result per key, in the same order. The fields of a result's
``value`` have the names that they have in the enriched event: an answer is merged without translation. Times are
milliseconds since 1970 UTC, ages milliseconds. Numbers have a range: one outside of it, such as a time in microseconds,
makes the result an error, whatever source it came from.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal, get_args

import msgspec

from contracts.value_types import EpochMillis

PATH = "/v1/lookup"
DEADLINE_HEADER = "x-deadline-ms"
"""How long the caller waits, in milliseconds from the receipt of the request."""
API_KEY_HEADER = "x-api-key"
"""The caller's key, where the service is configured with keys."""
MAX_KEYS = 1000
"""Most keys in one request; more is answered with 413."""

MAX_KEY_CHARACTERS = 2048
"""Longest key: a user agent or a page's address with its query."""

MAX_VALUE_BYTES = 16 * 1024
"""Longest value of one result, as JSON. It becomes a part of every event with that key, and Kafka limits records."""

Kind = Literal["ip", "network", "useragent", "referrer", "campaign", "user", "listing"]
"""What a key is, and so which value its result has: ``ip`` (an address, for its place), ``network`` (an address, for
its network and use), ``useragent`` (the header), ``referrer`` (the referring page's address), ``campaign`` (the page's
own address, for its query), ``user`` and ``listing`` (ids)."""
KINDS: tuple[Kind, ...] = get_args(Kind)
Status = Literal["ok", "stale", "missing", "invalid", "timeout", "error"]
"""ok: current. stale: older than its time to live, while its source is asked or does not answer. missing: there is no
such record, or the event has no such key. invalid: the event has a key that cannot be used, such as an address that is
not one. timeout: no answer in time. error: the source failed."""


NO_SOURCE = "none"
"""The ``source`` of a result for which no source was asked: the kind has none, or the key is blank or invalid."""


class LookupKey(msgspec.Struct, frozen=True):
    kind: Kind
    key: Annotated[str, msgspec.Meta(max_length=MAX_KEY_CHARACTERS)]


class LookupRequest(msgspec.Struct, frozen=True):
    keys: Annotated[list[LookupKey], msgspec.Meta(max_length=MAX_KEYS)]


class Geo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where an address is: Snowplow's names. Countries are ISO 3166-1 alpha-2, regions ISO 3166-2's second part."""

    geo_country: str | None = None
    geo_region: str | None = None
    geo_region_name: str | None = None
    geo_city: str | None = None
    geo_zipcode: str | None = None
    geo_latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)] | None = None
    geo_longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)] | None = None
    geo_timezone: str | None = None


class Network(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The network of an address, and what it is used for. A flag is absent where no source says anything about it."""

    as_number: Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)] | None = None
    as_organization_name: str | None = None
    ip_is_anonymous: bool | None = None
    ip_is_anonymous_vpn: bool | None = None
    ip_is_hosting_provider: bool | None = None
    ip_is_public_proxy: bool | None = None
    ip_is_residential_proxy: bool | None = None
    ip_is_tor_exit_node: bool | None = None
    ip_reputation: str | None = None
    """Name of the reputation list that the address is on, such as ``spam``."""


class UserAgent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a user agent says it is: ECS names, flattened."""

    user_agent_name: str | None = None
    user_agent_version: str | None = None
    user_agent_os_name: str | None = None
    user_agent_os_version: str | None = None
    user_agent_device_name: str | None = None
    user_agent_is_crawler: bool | None = None
    user_agent_crawler_name: str | None = None


class Referrer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a visit came from: Snowplow's names."""

    refr_urlhost: str | None = None
    refr_medium: Literal["search", "social", "email", "paid", "ai_assistant", "internal", "unknown"] | None = None
    refr_source: str | None = None
    refr_term: str | None = None


class Campaign(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The campaign in a page's address: Snowplow's names."""

    mkt_medium: str | None = None
    mkt_source: str | None = None
    mkt_term: str | None = None
    mkt_content: str | None = None
    mkt_campaign: str | None = None
    mkt_clickid: str | None = None
    mkt_network: str | None = None


class UserProfile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the marketplace knows of an account."""

    user_registered_tstamp: EpochMillis | None = None
    user_segment: str | None = None
    user_type: Literal["private", "professional"] | None = None
    user_verified: bool | None = None


class ListingProfile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the marketplace knows of a listing."""

    listing_category: str | None = None
    listing_price: Annotated[float, msgspec.Meta(ge=-1e12, le=1e12)] | None = None
    listing_currency: str | None = None
    listing_seller_id: str | None = None
    listing_created_tstamp: EpochMillis | None = None


Value = Geo | Network | UserAgent | Referrer | Campaign | UserProfile | ListingProfile
VALUE_TYPES: Mapping[Kind, type[Value]] = MappingProxyType(
    {
        "ip": Geo,
        "network": Network,
        "useragent": UserAgent,
        "referrer": Referrer,
        "campaign": Campaign,
        "user": UserProfile,
        "listing": ListingProfile,
    }
)


class LookupResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer for one key. ``value`` is the JSON of ``VALUE_TYPES[kind]``; present for ok and stale only."""

    status: Status
    value: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    source: str | None = None
    data_version: str | None = None
    age_ms: int | None = None


class LookupResponse(msgspec.Struct, frozen=True):
    results: list[LookupResult]
