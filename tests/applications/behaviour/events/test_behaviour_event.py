"""What the job reads of an event."""

import msgspec
import pytest

from applications.behaviour.events.behaviour_event import logged, read_event
from applications.behaviour.events.logged_event import LoggedEvent, order_of, short_id
from contracts.events.raw import Attributes
from core.features.source_events import BehaviourEvent

PACK = msgspec.msgpack.encode


def read(**fields: object) -> BehaviourEvent:
    base = {"event_id": "event-01", "event_name": "order", "collector_tstamp": 2, "derived_tstamp": 1}
    return read_event(msgspec.json.encode({**base, **fields}))


def test_every_field_has_its_place() -> None:
    event = read(
        user_id="u",
        domain_userid="b",
        domain_sessionid="s",
        page_url="/p",
        price=1.2345,
        currency="EUR",
        quantity=3,
        geo_country="AT",
        geo_region="9",
        user_agent_device_name="phone",
        user_agent_is_crawler=True,
        refr_medium="search",
        mkt_source="source",
        mkt_medium="medium",
        mkt_campaign="campaign",
        another="field",
    )
    assert logged(event) == LoggedEvent(
        tstamp=1,
        id=short_id("event-01"),
        name="order",
        page="/p",
        user="u",
        client_session="s",
        country="AT",
        region="9",
        device="phone",
        referrer_medium="search",
        source="source",
        medium="medium",
        campaign="campaign",
        is_bot=True,
        amount=3 * 1_234,
        currency="EUR",
    )


@pytest.mark.parametrize(
    ("fields", "amount"),
    [({}, 0), ({"price": 2.5}, 2_500), ({"price": 2.5, "quantity": 0}, 0), ({"price": -1, "quantity": 2}, -2_000)],
)
def test_the_amount_is_the_price_times_the_quantity(fields: dict[str, float], amount: int) -> None:
    assert logged(read(**fields)).amount == amount


@pytest.mark.parametrize("price", [-1e12, 1e12])
def test_the_highest_price_and_quantity_that_the_contract_allows_can_be_kept_and_summed_up(price: float) -> None:
    """A number that MessagePack does not have would stop the job, and again after each restart."""
    msgspec.convert({"price": price, "quantity": 1_000_000}, Attributes)
    amount = logged(read(price=price, quantity=1_000_000)).amount
    assert PACK(10_000 * amount)
    assert (amount < 0) == (price < 0)


def test_events_of_one_millisecond_are_in_the_order_of_their_ids() -> None:
    events = [LoggedEvent(1, 2, "a"), LoggedEvent(0, 9, "a"), LoggedEvent(1, 1, "a")]
    assert [each.id for each in sorted(events, key=order_of)] == [9, 1, 2]


def test_short_ids_are_64_bits_and_the_same_for_ever() -> None:
    assert short_id("event-01") == short_id("event-01") != short_id("event-02")
    assert 0 <= short_id("event-01") < 2**64
