"""An event of the purpose ``behaviour``: what the modules read of it. Everything else is passed on unread."""

import msgspec

from applications.behaviour.events.logged_event import LoggedEvent, short_id

_MOST_AMOUNT = 10**14
"""In thousandths. The highest price times the highest quantity of the contract has no room in MessagePack's 64 bits; of
this amount 90,000 have, summed up."""


class BehaviourEvent(msgspec.Struct, frozen=True, gc=False):
    """Fields of the enriched event, under its names."""

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


read_event = msgspec.json.Decoder(BehaviourEvent).decode


def logged(event: BehaviourEvent) -> LoggedEvent:
    return LoggedEvent(
        event.derived_tstamp,
        short_id(event.event_id),
        event.event_name,
        event.page_url,
        event.user_id,
        event.domain_sessionid,
        event.geo_country,
        event.geo_region,
        event.user_agent_device_name,
        event.refr_medium,
        event.mkt_source,
        event.mkt_medium,
        event.mkt_campaign,
        event.user_agent_is_crawler is True,
        0 if event.price is None else _amount(event.price, 1 if event.quantity is None else event.quantity),
        event.currency,
    )


def _amount(price: float, quantity: int) -> int:
    return max(-_MOST_AMOUNT, min(round(price * 1000) * quantity, _MOST_AMOUNT))
