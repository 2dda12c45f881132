"""The raw event: nested JSON with one first-level grammar for server and client events.

What differs between events lives in ``attributes`` and nowhere else, so a consumer that knows the first
level can read every event. All times are integers, milliseconds since 1970-01-01 UTC.
The published JSON Schema, ``schemas/raw_event.v1.schema.json``, is generated from these types.
"""

from typing import Annotated, Literal

import msgspec

SCHEMA: Literal["clickstream.raw/1"] = "clickstream.raw/1"
TRACEPARENT = "traceparent"
"""The raw event's key, the Kafka header and the HTTP header of a trace context."""
MAX_BYTES = 64 * 1024
"""Longest raw record that is accepted; a longer one fails with the reason ``size``."""

EpochMillis = Annotated[int, msgspec.Meta(ge=0, lt=4_102_444_800_000, description="ms since 1970 UTC, before 2100")]
Identifier = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
Text = Annotated[str, msgspec.Meta(max_length=8192)]
ShortText = Annotated[str, msgspec.Meta(max_length=512)]

Platform = Literal["web", "mob", "srv"]
"""Where the event was made: browser, mobile application, or one of our own servers (Snowplow's codes)."""

EVENT_NAME_PATTERN = r"^[a-z][a-z0-9_]{0,63}$"
EventName = Annotated[str, msgspec.Meta(pattern=EVENT_NAME_PATTERN)]
EVENT_ID_PATTERN = r"^[A-Za-z0-9_-]+$"
EventId = Annotated[str, msgspec.Meta(min_length=8, max_length=64, pattern=EVENT_ID_PATTERN)]


class Actor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who did it. Every field may be absent: a crawler has no account, a server job no browser."""

    user_id: Identifier | None = None
    domain_userid: Identifier | None = None
    domain_sessionid: Identifier | None = None
    user_ipaddress: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    useragent: Annotated[str, msgspec.Meta(max_length=2048)] | None = None


class Context(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where it happened."""

    app_id: Identifier
    app_version: ShortText | None = None
    page_url: Text | None = None
    page_title: Text | None = None
    page_referrer: Text | None = None
    br_lang: ShortText | None = None
    os_timezone: ShortText | None = None
    dvce_screenwidth: Annotated[int, msgspec.Meta(ge=0, le=100_000)] | None = None
    dvce_screenheight: Annotated[int, msgspec.Meta(ge=0, le=100_000)] | None = None
    consent: bool | None = None


class DeviceTimes(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The device's own clock; it may be wrong, which is why ``derived_tstamp`` exists."""

    dvce_created_tstamp: EpochMillis
    dvce_sent_tstamp: EpochMillis | None = None


class Attributes(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The attributes that have a column of their own in the enriched event; any others are carried along."""

    listing_id: Identifier | None = None
    category: ShortText | None = None
    search_terms: ShortText | None = None
    order_id: Identifier | None = None
    price: Annotated[float, msgspec.Meta(ge=0, le=1e12)] | None = None
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")] | None = None
    quantity: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] | None = None
    http_method: Annotated[str, msgspec.Meta(max_length=16)] | None = None
    http_status: Annotated[int, msgspec.Meta(ge=100, le=599)] | None = None
    http_bytes: Annotated[int, msgspec.Meta(ge=0, le=2**53)] | None = None


class RawEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event as a producer sends it, typed. Unknown keys are allowed on every level."""

    schema: Literal["clickstream.raw/1"]
    event_id: EventId
    event_name: EventName
    platform: Platform
    actor: Actor
    context: Context
    times: DeviceTimes
    attributes: msgspec.Raw
    """A JSON object, kept as sent; its known keys are :class:`Attributes`."""


class TraceFields(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a first level may hold besides, for whoever traces. It is no part of :class:`RawEvent`: an event whose
    context cannot be read is enriched like any other, and one without pays nothing for it.
    """

    traceparent: (
        Annotated[
            str,
            msgspec.Meta(
                pattern="^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}",
                description="W3C trace context of the span that sent the event; for sampled events",
            ),
        ]
        | None
    ) = None
