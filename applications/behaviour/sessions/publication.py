"""What has been published of a session, and the next record of it."""

from zlib import crc32

import msgspec

from applications.behaviour.events.visitor_key import VisitorKey
from applications.behaviour.sessions.facts import CART, ORDER, SEARCH, Facts
from contracts.sessions.records import SCHEMA, EndReason, Kind, SessionRecord

_encode = msgspec.msgpack.Encoder(order="sorted").encode


class Numbers(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is summed up over sessions, in the order in which it is packed."""

    sessions: int = 0
    events: int = 0
    page_views: int = 0
    searches: int = 0
    carts: int = 0
    orders: int = 0
    order_value: int = 0
    """In thousandths of the first order's currency."""
    duration_ms: int = 0
    engaged: int = 0
    bounces: int = 0


NOTHING = Numbers()


class Published(msgspec.Struct, array_like=True, gc=False):
    """The last record of a session. Packed as a list; new fields come last and have defaults."""

    session_id: str
    index: int
    start: int = 0
    start_id: int = 0
    end: int = 0
    end_id: int = 0
    at: int = 0
    """Time of the event with which it was last published."""
    version: int = 0
    end_reason: EndReason | None = None
    """Why it ended; None: it has not."""
    numbers: Numbers = NOTHING
    content: int = 0
    """A check sum of all facts: what has not changed need not be corrected."""


def numbers_of(facts: Facts) -> Numbers:
    count = facts.counts.get
    return Numbers(
        1,
        facts.events,
        facts.page_views,
        count(SEARCH, 0),
        count(CART, 0),
        count(ORDER, 0),
        next(iter(facts.values.values()), 0),
        facts.duration_ms,
        int(facts.is_engaged),
        int(not facts.is_engaged),
    )


def content_of(facts: Facts) -> int:
    """Without what only helps to take further events."""
    return crc32(_encode(msgspec.structs.replace(facts, settled=-1, exit_at=-1)))


def record(
    visitor: VisitorKey,
    published: Published,
    facts: Facts,
    kind: Kind,
    *,
    end_reason: EndReason | None = None,
) -> SessionRecord:
    """The next record of a session, and ``published`` brought up to it. ``end_reason``: it is over, and why."""
    numbers, before = numbers_of(facts), published.numbers
    published.start, published.start_id = facts.start, facts.start_id
    published.end, published.end_id = facts.end, facts.end_id
    published.at = facts.end
    published.version += 1
    published.end_reason = end_reason
    published.numbers, published.content = numbers, content_of(facts)
    currency = next(iter(facts.values), None)
    made = SessionRecord(
        schema=SCHEMA,
        session_id=facts.session_id,
        version=published.version,
        kind=kind,
        visitor_id=visitor.id,
        visitor_kind=visitor.kind,
        session_index=published.index,
        start_tstamp=facts.start,
        end_tstamp=facts.end,
        is_ended=end_reason is not None,
        end_reason=end_reason,
        user_id=facts.users[0] if facts.users else None,
        user_ids=list(facts.users) if len(facts.users) > 1 else None,
        domain_sessionids=list(facts.client_sessions) or None,
        entry_page=facts.entry_page,
        exit_page=facts.exit_page,
        duration_ms=numbers.duration_ms,
        is_engaged=bool(numbers.engaged),
        is_bounce=bool(numbers.bounces),
        events=numbers.events,
        page_views=numbers.page_views,
        searches=numbers.searches,
        carts=numbers.carts,
        orders=numbers.orders,
        order_value=numbers.order_value / 1000,
        order_currency=currency or None,
        order_values=_values(facts) if len(facts.values) > 1 else None,
        event_counts=dict(sorted(facts.counts.items())),
        geo_country=facts.country,
        geo_region=facts.region,
        device=facts.device,
        channel=facts.channel,
        mkt_source=facts.source,
        mkt_medium=facts.medium,
        mkt_campaign=facts.campaign,
        is_bot=facts.is_bot,
    )
    return _with_deltas(made, numbers, before)


def without_content(
    visitor: VisitorKey,
    published: Published,
    kind: Kind,
    *,
    superseded_by: str | None = None,
    end_reason: EndReason | None = None,
) -> SessionRecord:
    """The last record of a session that counts nothing any more: it is part of another one, or it must be forgotten."""
    before, published.numbers = published.numbers, NOTHING
    published.version += 1
    made = SessionRecord(
        schema=SCHEMA,
        session_id=published.session_id,
        version=published.version,
        kind=kind,
        visitor_id=visitor.id,
        visitor_kind=visitor.kind,
        session_index=published.index,
        start_tstamp=published.start,
        end_tstamp=published.end,
        is_ended=True,
        end_reason=end_reason,
        superseded_by=superseded_by,
    )
    return _with_deltas(made, NOTHING, before)


def _with_deltas(record: SessionRecord, now: Numbers, before: Numbers) -> SessionRecord:
    return msgspec.structs.replace(
        record,
        delta_sessions=now.sessions - before.sessions,
        delta_events=now.events - before.events,
        delta_page_views=now.page_views - before.page_views,
        delta_searches=now.searches - before.searches,
        delta_carts=now.carts - before.carts,
        delta_orders=now.orders - before.orders,
        delta_order_value=(now.order_value - before.order_value) / 1000,
        delta_duration_ms=now.duration_ms - before.duration_ms,
        delta_engaged=now.engaged - before.engaged,
        delta_bounces=now.bounces - before.bounces,
    )


def _values(facts: Facts) -> dict[str, float]:
    return {currency: value / 1000 for currency, value in facts.values.items()}
