"""What is read of an event of the purpose security. The names are the ones that rules may use in conditions."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from contracts.security.verdicts import Flow

FLOWS: Mapping[str, Flow] = MappingProxyType(
    {
        "sign_up": "sign_up",
        "sign_in": "sign_in",
        "password_change": "account_change",
        "email_change": "account_change",
        "mfa_change": "account_change",
        "payout_change": "account_change",
        "checkout": "checkout",
        "listing_create": "listing_create",
        "http_request": "web_request",
    }
)
"""Event name → flow. Events of other names are not judged."""


class SecurityEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A part of the enriched event; unknown keys are ignored. A value that is absent is None."""

    event_id: str
    event_name: str
    collector_tstamp: int
    etl_tstamp: int = 0
    platform: str | None = None
    app_id: str | None = None
    app_version: str | None = None
    user_id: str | None = None
    domain_userid: str | None = None
    domain_sessionid: str | None = None
    user_ipaddress: str | None = None
    useragent: str | None = None
    br_lang: str | None = None
    os_timezone: str | None = None
    dvce_screenwidth: int | None = None
    dvce_screenheight: int | None = None
    page_url: str | None = None
    http_method: str | None = None
    http_status: int | None = None
    http_bytes: int | None = None
    auth_outcome: str | None = None
    """success, failure or challenged."""
    auth_reason: str | None = None
    """Why it failed, such as wrong_password, unknown_user, locked, wrong_code."""
    auth_method: str | None = None
    """password, passkey, google …"""
    auth_mfa: str | None = None
    """none, passed, failed, skipped."""
    device_id: str | None = None
    email_domain: str | None = None
    client_hint_ua: str | None = None
    client_hint_platform: str | None = None
    client_hint_mobile: bool | None = None
    listing_id: str | None = None
    listing_text_hash: str | None = None
    """SimHash of 64 bits over the text's words, 16 hexadecimal digits."""
    listing_image_hash: str | None = None
    """Perceptual hash of 64 bits of the first image, 16 hexadecimal digits."""
    listing_has_contact: bool | None = None
    """The text has a telephone number, an e-mail address or a messenger's name."""
    listing_has_link: bool | None = None
    """The text has a link to another site."""
    listing_price_ratio: float | None = None
    """Price by the median price of its category."""
    listing_category: str | None = None
    category: str | None = None
    order_id: str | None = None
    price: float | None = None
    currency: str | None = None
    geo_country: str | None = None
    geo_region: str | None = None
    geo_city: str | None = None
    geo_latitude: float | None = None
    geo_longitude: float | None = None
    as_number: int | None = None
    as_organization_name: str | None = None
    ip_is_anonymous: bool | None = None
    ip_is_anonymous_vpn: bool | None = None
    ip_is_hosting_provider: bool | None = None
    ip_is_public_proxy: bool | None = None
    ip_is_residential_proxy: bool | None = None
    ip_is_tor_exit_node: bool | None = None
    ip_reputation: str | None = None
    """Name of the list that has the address."""
    user_agent_name: str | None = None
    user_agent_os_name: str | None = None
    user_agent_device_name: str | None = None
    user_agent_is_crawler: bool | None = None
    user_agent_crawler_name: str | None = None
    user_registered_tstamp: int | None = None
    user_segment: str | None = None
    user_type: str | None = None
    user_verified: bool | None = None


read_event = msgspec.json.Decoder(SecurityEvent).decode
"""Raises msgspec.MsgspecError for what is no event of the purpose security."""
