"""The enriched event: flat, with Snowplow's names, so that it is a row for Druid and for Parquet without conversion.

Times are milliseconds since 1970 UTC. A field without a value is absent. The fields of the enrichments come from
:mod:`contracts.enrichments`. The JSON Schema is generated from these types.
"""

from typing import Literal

import msgspec

from contracts.enrichments import ENRICHMENTS
from contracts.events.raw import Platform
from contracts.lookup_api.lookups import Status

Oddity = Literal[
    "whole_number",
    "rounded",
    "quoted",
    "unquoted",
    "upper_case",
    "lower_case",
    "cut",
    "surrogate",
    "refused",
    "out_of_range",
    "wrong_type",
    "malformed",
]
"""Why a value is not there as it was sent.

Repaired: whole_number, an integer sent as 1536.0, which is valid by the schema; rounded, 1536.8; quoted, a number or a
flag sent as text; unquoted, a text sent as an integer; upper_case, a code sent in small letters; lower_case, one sent
in capitals; cut, a text over the limit (of a list of addresses the first public one is left); surrogate, half of a
character, now U+FFFD; refused, a consent that cannot be read, now a no.
Left out: out_of_range, a number; wrong_type; malformed, a text that is no such code or id."""


class FieldError(msgspec.Struct, frozen=True, gc=False):
    """One value of the raw event that was repaired or left out. Never the value."""

    field: str
    """Path in the raw event, such as ``context.dvce_screenwidth``. Names that the contract does not know are left out:
    ``attributes`` is somewhere in there, ``$`` somewhere in the record."""
    reason: Oddity


class EventFields(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Everything that comes from the raw event and its record, before any lookup."""

    event_id: str
    event_name: str
    platform: Platform
    app_id: str
    etl_version: str
    collector_tstamp: int
    """When the collector received it: the Kafka record's timestamp."""
    dvce_created_tstamp: int
    dvce_sent_tstamp: int | None = None
    derived_tstamp: int
    """Best estimate of when it happened: collector time less the time it lay on the device (Snowplow's rule)."""
    etl_tstamp: int
    """When the enrichment first saw it."""
    user_id: str | None = None
    domain_userid: str | None = None
    domain_sessionid: str | None = None
    user_ipaddress: str | None = None
    useragent: str | None = None
    app_version: str | None = None
    page_url: str | None = None
    page_title: str | None = None
    page_referrer: str | None = None
    br_lang: str | None = None
    os_timezone: str | None = None
    dvce_screenwidth: int | None = None
    dvce_screenheight: int | None = None
    consent: bool | None = None
    listing_id: str | None = None
    category: str | None = None
    search_terms: str | None = None
    order_id: str | None = None
    price: float | None = None
    currency: str | None = None
    quantity: int | None = None
    http_method: str | None = None
    http_status: int | None = None
    http_bytes: int | None = None
    auth_outcome: str | None = None
    """success, failure or challenged."""
    auth_reason: str | None = None
    """Why it failed, such as wrong_password, unknown_user, locked, wrong_code."""
    auth_method: str | None = None
    """Such as password, passkey, google."""
    auth_mfa: str | None = None
    """none, passed, failed or skipped."""
    device_id: str | None = None
    """The device as the application or the sign-in service knows it, beyond a browser's cookies."""
    email_domain: str | None = None
    """Of the account's e-mail address, never the address."""
    client_hint_ua: str | None = None
    client_hint_platform: str | None = None
    client_hint_mobile: bool | None = None
    listing_text_hash: str | None = None
    """SimHash of 64 bits over the words of the listing's text, 16 hexadecimal digits."""
    listing_image_hash: str | None = None
    """Perceptual hash of 64 bits of its first image, 16 hexadecimal digits."""
    listing_has_contact: bool | None = None
    """The text has a telephone number, an e-mail address or the name of a messenger."""
    listing_has_link: bool | None = None
    """The text has a link to another site."""
    listing_price_ratio: float | None = None
    """Its price by the median price of its category."""
    brand: str | None = None
    """Of the listing that the event is about."""
    unstruct_event: str | None = None
    """All attributes as sent, as JSON text (Snowplow's column for what has no column of its own)."""
    field_errors: list[FieldError] | None = None
    """What of the raw event was repaired or left out."""


_PARTS: tuple[type[msgspec.Struct], ...] = (EventFields, *(enrichment.fields for enrichment in ENRICHMENTS))


def _status_fields() -> list[tuple[str, object]]:
    """One status for each enrichment: whether its fields are current, old or not there, and why."""
    return [(enrichment.status_field, Status) for enrichment in ENRICHMENTS]


EnrichedEvent: type[msgspec.Struct] = msgspec.defstruct(
    "EnrichedEvent",
    [
        *(
            (field.name, field.type) if field.required else (field.name, field.type, field.default)
            for part in _PARTS
            for field in msgspec.structs.fields(part)
        ),
        *_status_fields(),
    ],
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
)
"""All fields and statuses in one flat struct. The policy of a purpose says which of them its topic has, in which form.
"""
