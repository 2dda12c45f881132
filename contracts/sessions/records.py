"""One record of a session. Records are upserts by (session_id, version): the highest version is the session.

Every record holds the totals and, in ``delta_…``, the difference from the record of the version before. So a store that
only adds up (Druid) has right sums, and one that replaces (the lake) has right rows. Times are ms since 1970 UTC.
"""

from typing import Literal

import msgspec

from contracts.sessions.sessionized import VisitorKind

SCHEMA: Literal["clickstream.session/1"] = "clickstream.session/1"
Kind = Literal["start", "update", "end", "correction", "superseded"]
"""start: its first record; update: it goes on; end: it is over; correction: a late event changed or opened a session
that was over; superseded: it is part of another one now, and counts nothing any more."""
EndReason = Literal["idle", "cap", "midnight", "campaign", "opted_out"]


class SessionRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Flat, so that it is a row without conversion. A session that ended by an opt-out has no content."""

    schema: Literal["clickstream.session/1"]
    session_id: str
    """UUIDv7-shaped, from the visitor and the time of the first event: a replay gives the same."""
    version: int
    """From 1, one more with each record."""
    kind: Kind
    visitor_id: str
    visitor_kind: VisitorKind
    session_index: int
    start_tstamp: int
    """Of its first event, by ``derived_tstamp``."""
    end_tstamp: int
    """Of its last event so far."""
    is_ended: bool
    end_reason: EndReason | None = None
    superseded_by: str | None = None
    user_id: str | None = None
    """The first account that was signed in."""
    user_ids: list[str] | None = None
    """All accounts, where there is more than one."""
    domain_sessionids: list[str] | None = None
    """The client's own session ids, as far as kept."""
    entry_page: str | None = None
    exit_page: str | None = None
    duration_ms: int = 0
    is_engaged: bool = False
    """GA4's rule: longer than 10 s, or a key event, or two page views."""
    is_bounce: bool = False
    """Not engaged."""
    events: int = 0
    page_views: int = 0
    searches: int = 0
    carts: int = 0
    orders: int = 0
    order_value: float = 0.0
    """Of the orders in ``order_currency``."""
    order_currency: str | None = None
    """Of the session's first order with a price."""
    order_values: dict[str, float] | None = None
    """Currency → value, where there is more than one."""
    event_counts: dict[str, int] | None = None
    """Event name → events; names beyond the fiftieth are counted under ``other``."""
    geo_country: str | None = None
    geo_region: str | None = None
    device: str | None = None
    channel: str | None = None
    """The medium of the campaign, else of the referrer, else ``direct``: that of the earliest event with one."""
    mkt_source: str | None = None
    mkt_medium: str | None = None
    mkt_campaign: str | None = None
    is_bot: bool = False
    """An event came from a crawler."""
    delta_sessions: int = 0
    """1 with the first record, -1 with ``superseded``, else 0."""
    delta_events: int = 0
    delta_page_views: int = 0
    delta_searches: int = 0
    delta_carts: int = 0
    delta_orders: int = 0
    delta_order_value: float = 0.0
    delta_duration_ms: int = 0
    delta_engaged: int = 0
    delta_bounces: int = 0
