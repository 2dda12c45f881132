"""An event of the purpose ``behaviour``: how it is read, and what the log keeps of it."""

import msgspec

from applications.behaviour.events.logged_event import LoggedEvent, short_id
from core.features.source_events import BehaviourEvent

_MOST_AMOUNT = 10**14
"""In thousandths. The highest price times the highest quantity of the contract has no room in MessagePack's 64 bits; of
this amount 90,000 have, summed up."""
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
