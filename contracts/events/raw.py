"""The raw event: nested JSON, with the same first level for server and client events.

What differs between events is in ``attributes`` and nowhere else: a consumer that knows the first level can read every
event. All times are integers, milliseconds since 1970-01-01 UTC. The published JSON Schema,
``contracts/publishing/schemas/raw_event.v1.schema.json``, is generated from these types.

An optional value that does not fit its type is repaired or left out, by the type and by the rule that the type is
marked with. A required value that does not fit, or one marked ``reject``, makes the record invalid.
"""

from typing import Annotated, Literal

import msgspec

from contracts.value_types import EpochMillis, when_odd, whole_text

SCHEMA: Literal["clickstream.raw/1"] = "clickstream.raw/1"
TRACEPARENT = "traceparent"
"""The raw event's key, the Kafka header and the HTTP header of a trace context."""
TRACEPARENT_MEANING = "W3C trace context of the span that sent the event; for sampled events; ignored where unreadable"
MAX_BYTES = 64 * 1024
"""Longest raw record that is accepted; a longer one fails with the reason ``size``."""

Identifier = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
SubjectId = Annotated[Identifier, when_odd("reject")]
"""Names the person or browser. It is never repaired or left out: an opt-out could not be recognised any more."""
Text = Annotated[str, msgspec.Meta(max_length=8192), when_odd("cut")]
ShortText = Annotated[str, msgspec.Meta(max_length=512), when_odd("cut")]

Platform = Literal["web", "mob", "srv"]
"""Where the event was made: browser, mobile application, or one of our own servers (Snowplow's codes)."""

EVENT_NAME_PATTERN = "[a-z][a-z0-9_]{0,63}"
EventName = Annotated[str, whole_text(EVENT_NAME_PATTERN)]
AUTH_OUTCOME_PATTERN = "(success|failure|challenged)"
CODE_PATTERN = "[a-z][a-z0-9_]{0,31}"
DOMAIN_PATTERN = r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9][a-z0-9-]{0,61}[a-z0-9]"
"""The part of an e-mail address behind the @, in ASCII. An address does not match: it has no place in an event."""
HASH_PATTERN = "[0-9a-f]{16}"
CURRENCY_PATTERN = "[A-Z]{3}"
EVENT_ID_PATTERN = "[A-Za-z0-9_-]+"
EventId = Annotated[str, msgspec.Meta(min_length=8, max_length=64), whole_text(EVENT_ID_PATTERN)]


class Actor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who did it. Every field may be absent: a crawler has no account, a server job no browser."""

    user_id: SubjectId | None = None
    domain_userid: SubjectId | None = None
    domain_sessionid: SubjectId | None = None
    user_ipaddress: Annotated[str, msgspec.Meta(max_length=64), when_odd("first_address")] | None = None
    useragent: Annotated[str, msgspec.Meta(max_length=2048), when_odd("cut")] | None = None


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
    consent: Annotated[bool, when_odd("refuse")] | None = None


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
    price: Annotated[float, msgspec.Meta(ge=-1e12, le=1e12, description="below 0: a refund")] | None = None
    currency: Annotated[str, whole_text(CURRENCY_PATTERN), when_odd("upper_case")] | None = None
    quantity: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] | None = None
    http_method: Annotated[str, msgspec.Meta(max_length=16)] | None = None
    http_status: Annotated[int, msgspec.Meta(ge=100, le=599)] | None = None
    http_bytes: Annotated[int, msgspec.Meta(ge=0, le=2**53)] | None = None
    # For account security. Only the purpose security sees them.
    auth_outcome: Annotated[str, whole_text(AUTH_OUTCOME_PATTERN), when_odd("lower_case")] | None = None
    auth_reason: Annotated[str, whole_text(CODE_PATTERN), when_odd("lower_case")] | None = None
    auth_method: Annotated[str, whole_text(CODE_PATTERN), when_odd("lower_case")] | None = None
    auth_mfa: Annotated[str, whole_text("(none|passed|failed|skipped)"), when_odd("lower_case")] | None = None
    device_id: Identifier | None = None
    email_domain: (
        Annotated[str, msgspec.Meta(max_length=253), whole_text(DOMAIN_PATTERN), when_odd("lower_case")] | None
    ) = None
    client_hint_ua: ShortText | None = None
    client_hint_platform: ShortText | None = None
    client_hint_mobile: bool | None = None
    listing_text_hash: Annotated[str, whole_text(HASH_PATTERN), when_odd("lower_case")] | None = None
    listing_image_hash: Annotated[str, whole_text(HASH_PATTERN), when_odd("lower_case")] | None = None
    listing_has_contact: bool | None = None
    listing_has_link: bool | None = None
    listing_price_ratio: Annotated[float, msgspec.Meta(ge=0, le=1e9)] | None = None
    brand: ShortText | None = None


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


SENT_EVENT: type[msgspec.Struct] = msgspec.defstruct(
    "RawEvent",
    [("attributes", Attributes)],
    bases=(RawEvent,),
    namespace={"__doc__": f"{RawEvent.__doc__}\n\nAt most {MAX_BYTES} bytes."},
    frozen=True,
    kw_only=True,
)
"""The raw event with the type of its attributes. The published schema is made from it."""


class TraceFields(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A further key of the first level, for traces. It is not a part of :class:`RawEvent`: a context that cannot be
    read is no fault of an event, and an event without one costs nothing more.
    """

    traceparent: (
        Annotated[
            str,
            msgspec.Meta(
                pattern="^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}",
                description=TRACEPARENT_MEANING,
            ),
        ]
        | None
    ) = None
