"""What is read of an event for features and sessions. The names are those that a declaration may use."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

import msgspec

from core.risk.security_event import SecurityEvent

Source: TypeAlias = Literal["behaviour", "security"]
"""The purpose whose events feed a feature. behaviour: consented events as they pass the sessions, each event once.
security: sign-ins and the like, for protection against fraud only; they must not feed what is shown to people."""


class BehaviourEvent(msgspec.Struct, frozen=True, gc=False):
    """Fields of the enriched event of the purpose ``behaviour``, under its names. Others are passed on unread."""

    event_id: str
    event_name: str
    collector_tstamp: int
    derived_tstamp: int
    user_id: str | None = None
    domain_userid: str | None = None
    domain_sessionid: str | None = None
    page_url: str | None = None
    price: float | None = None
    currency: str | None = None
    quantity: int | None = None
    geo_country: str | None = None
    geo_region: str | None = None
    user_agent_device_name: str | None = None
    user_agent_is_crawler: bool | None = None
    refr_medium: str | None = None
    mkt_source: str | None = None
    mkt_medium: str | None = None
    mkt_campaign: str | None = None
    platform: str | None = None
    listing_id: str | None = None
    category: str | None = None
    brand: str | None = None
    search_terms: str | None = None
    listing_category: str | None = None
    listing_seller_id: str | None = None


SourceEvent: TypeAlias = BehaviourEvent | SecurityEvent
EVENT_TYPES: Mapping[Source, type[msgspec.Struct]] = MappingProxyType(
    {"behaviour": BehaviourEvent, "security": SecurityEvent}
)
TIME_FIELDS: Mapping[Source, str] = MappingProxyType({"behaviour": "derived_tstamp", "security": "collector_tstamp"})
"""The event's time, ms since 1970 UTC."""
