"""What a session's record says of its events."""

from typing import Any

import pytest

from applications.behaviour.events.logged_event import LoggedEvent
from contracts.sessions.records import SessionRecord
from tests.applications.behaviour.visitors_of import END, SECOND, OneVisitor, T, event


def session(*events: LoggedEvent) -> SessionRecord:
    one = OneVisitor()
    one.see(*events)
    one.move(END - T - 8 * 24 * 3_600_000)
    return one.records[-1]


@pytest.mark.parametrize(
    ("events", "is_engaged"),
    [
        ([event(0)], False),
        ([event(0), event(10 * SECOND, name="like")], False),
        ([event(0), event(10 * SECOND + 1, name="like")], True),
        ([event(0), event(1)], True),
        ([event(0), event(1, name="listing_view")], True),
        ([event(0, name="like"), event(1, name="search")], False),
        ([event(0, name="order")], True),
        ([event(0, name="sign_up")], True),
        ([event(0, name="listing_create")], True),
    ],
)
def test_engaged_by_the_rule_of_ga4(events: list[LoggedEvent], is_engaged: bool) -> None:
    found = session(*events)
    assert (found.is_engaged, found.is_bounce) == (is_engaged, not is_engaged)


def test_names_beyond_the_fiftieth_are_counted_together() -> None:
    names = [f"name_{number}" for number in range(60)]
    found = session(*(event(number, name=name) for number, name in enumerate(names)), event(99, name="name_3"))
    counts = found.event_counts or {}
    assert (len(counts), counts["other"], counts["name_3"], found.events) == (51, 10, 2, 61)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("page_view", {"page_views": 2}),
        ("listing_view", {"page_views": 2}),
        ("search", {"searches": 2}),
        ("add_to_cart", {"carts": 2}),
        ("order", {"orders": 2, "is_engaged": True}),
        ("sign_up", {"is_engaged": True}),
    ],
)
def test_what_sessions_count_is_counted_beyond_the_fiftieth_name_too(name: str, fields: dict[str, Any]) -> None:
    others = [event(number, name=f"name_{number}") for number in range(50)]
    found = session(*others, event(60, name=name), event(61, name=name))
    assert {each: getattr(found, each) for each in fields} == fields


def test_entry_and_exit_are_the_first_and_last_page_of_events_that_have_one() -> None:
    found = session(event(0), event(1, page="/in"), event(2, page="/between"), event(3, page="/out"), event(4))
    assert (found.entry_page, found.exit_page) == ("/in", "/out")
    without = session(event(0))
    assert (without.entry_page, without.exit_page) == (None, None)


def test_the_first_known_place_and_device_stand() -> None:
    found = session(
        event(0),
        event(1, country="AT", region=None),
        event(2, country="DE", region="BY", device="phone"),
        event(3, device="desktop", is_bot=True),
        event(4),
    )
    assert (found.geo_country, found.geo_region, found.device, found.is_bot) == ("AT", None, "phone", True)


@pytest.mark.parametrize(
    ("events", "channel", "campaign"),
    [
        ([event(0)], "direct", None),
        ([event(0, referrer_medium="internal")], "direct", None),
        ([event(0, referrer_medium="internal"), event(1, referrer_medium="search")], "search", None),
        ([event(0, referrer_medium="search"), event(1, referrer_medium="social")], "search", None),
        ([event(0, referrer_medium="search"), event(1, medium="cpc", campaign="c-1")], "cpc", "c-1"),
        ([event(0, medium="cpc", campaign="c-1"), event(1, medium="mail", campaign="c-2")], "cpc", "c-1"),
        ([event(0, source="news"), event(1, medium="mail", campaign="c-2")], "direct", None),
    ],
)
def test_the_channel_and_the_campaign_are_those_of_the_earliest_event_with_one(
    events: list[LoggedEvent], channel: str, campaign: str | None
) -> None:
    found = session(*events)
    assert (found.channel, found.mkt_campaign) == (channel, campaign)


def test_orders_in_two_currencies_have_a_value_each() -> None:
    found = session(
        event(0, name="order"),
        event(1, name="order", amount=1_500, currency="EUR"),
        event(2, name="order", amount=7_000, currency="USD"),
        event(3, name="order", amount=333, currency="EUR"),
        event(4, name="add_to_cart", amount=9_000, currency="EUR"),
    )
    assert (found.orders, found.order_value, found.order_currency) == (4, 1.833, "EUR")
    assert found.order_values == {"EUR": 1.833, "USD": 7.0}


def test_an_order_in_one_currency_has_no_table_of_currencies() -> None:
    found = session(event(0, name="order", amount=-500, currency="EUR"))
    assert (found.order_value, found.order_currency, found.order_values) == (-0.5, "EUR", None)


def test_an_order_without_a_currency_has_a_value() -> None:
    found = session(event(0, name="order", amount=500))
    assert (found.order_value, found.order_currency) == (0.5, None)


def test_a_late_order_in_another_currency_becomes_the_first_one() -> None:
    one = OneVisitor()
    one.see(event(1, name="order", amount=1_000, currency="EUR"), event(0, name="order", amount=5_000, currency="USD"))
    one.move(3_600_000)
    found = one.records[-1]
    assert (found.order_value, found.order_currency) == (5.0, "USD")
    assert sum(each.delta_order_value for each in one.records) == 5.0


def test_accounts_and_client_sessions_are_listed_in_their_order_up_to_ten() -> None:
    found = session(*(event(number, user=f"u-{number}", client_session=f"s-{number % 11}") for number in range(12)))
    assert (found.user_id, found.user_ids) == ("u-0", [f"u-{number}" for number in range(10)])
    assert found.domain_sessionids == [f"s-{number}" for number in range(10)]


def test_one_account_is_no_list() -> None:
    found = session(event(0), event(1, user="u-1"), event(2, user="u-1"))
    assert (found.user_id, found.user_ids) == ("u-1", None)
