"""The events resemble those of people, phones and crawlers."""

from collections import Counter, defaultdict
from ipaddress import ip_address
from random import Random
from typing import Any, get_args

import msgspec
import pytest

from producers.record import Record
from producers.synthetic import addresses
from producers.synthetic.bots import BOTS
from producers.synthetic.journey import Action
from producers.synthetic.marketplace import Marketplace
from producers.synthetic.population import LISTINGS, USERS, Zipf, listing_id, user_id
from producers.synthetic.rendering import BUFFER_MAX_MS
from tests.producers import conftest

HALF_HOUR_MS = 1_800_000
Event = dict[str, Any]


@pytest.fixture(scope="module")
def events(stream: list[Record]) -> list[tuple[int, Event]]:
    """Collector time and event, first deliveries only."""
    return [(each.timestamp_ms, msgspec.json.decode(each.value)) for each in stream if each.kind in ("event", "late")]


def test_ids_are_those_that_the_lookup_service_s_demonstration_data_has() -> None:
    assert (USERS, LISTINGS) == (20_000, 50_000)
    assert (user_id(1), user_id(USERS)) == ("u0000001", "u0020000")
    assert (listing_id(1), listing_id(LISTINGS)) == ("l00000001", "l00050000")


def test_events_name_only_the_population(events: list[tuple[int, Event]]) -> None:
    users = {event["actor"]["user_id"] for _, event in events if "user_id" in event["actor"]}
    listings = {event["attributes"]["listing_id"] for _, event in events if "listing_id" in event["attributes"]}
    assert users <= {user_id(n) for n in range(1, conftest.USERS + 1)}
    assert listings <= {listing_id(n) for n in range(1, conftest.LISTINGS + 1)}
    assert len(users) > conftest.USERS * 0.9


def test_every_action_on_every_platform_it_belongs_to(events: list[tuple[int, Event]]) -> None:
    seen = {(event["event_name"], event["platform"]) for _, event in events}
    assert {name for name, _ in seen} == set(get_args(Action))
    for name in ("page_view", "listing_view", "search", "like", "add_to_cart", "checkout"):
        assert {(name, "web"), (name, "mob")} <= seen
    for name in ("order", "sign_up", "sign_in", "password_change", "listing_create"):
        assert {platform for each, platform in seen if each == name} == {"srv"}


def test_orders_follow_their_checkout(events: list[tuple[int, Event]]) -> None:
    numbers = {name: set[str]() for name in ("checkout", "order")}
    for _, event in events:
        if event["event_name"] in numbers:
            numbers[event["event_name"]].add(event["attributes"]["order_id"])
    # A few checkouts are among the defective records.
    assert len(numbers["order"] & numbers["checkout"]) > 0.95 * len(numbers["order"]) > 50


def test_low_ranks_occur_more_often() -> None:
    zipf, rng, draws = Zipf(1_000), Random(3), 200_000
    ranks = Counter(zipf.rank(rng.random()) for _ in range(draws))
    assert set(ranks) == set(range(1, 1_001))
    total = sum(1 / (rank + 10) for rank in range(1, 1_001))
    for rank in (1, 2, 10, 50):
        assert ranks[rank] / draws == pytest.approx(1 / (rank + 10) / total, rel=0.1)


@pytest.mark.parametrize("draw", [0.0, 1 - 2**-53])
def test_ranks_stay_in_range(draw: float) -> None:
    assert Zipf(7).rank(draw) == (1 if draw == 0 else 7)
    assert Zipf(1).rank(draw) == 1


def test_addresses_are_public(events: list[tuple[int, Event]]) -> None:
    versions: Counter[int] = Counter()
    for _, event in events:
        address = ip_address(event["actor"]["user_ipaddress"])
        assert address.is_global
        assert str(address) == event["actor"]["user_ipaddress"]
        versions[address.version] += 1
    assert 0.03 < versions[6] / versions.total() < 0.3


def test_every_address_of_every_region_is_public() -> None:
    rng = Random(5)
    for region in addresses.REGIONS:
        for octet in region.first_octets:
            assert all(ip_address(addresses.ipv4([octet], rng)).is_global for _ in range(50))
        assert all(ip_address(addresses.home(region, rng)).is_global for _ in range(200))


def test_a_person_has_one_address_or_two(events: list[tuple[int, Event]]) -> None:
    homes = defaultdict(set)
    for _, event in events:
        if "user_id" in event["actor"]:
            homes[event["actor"]["user_id"]].add(event["actor"]["user_ipaddress"])
    assert Counter(len(each) for each in homes.values()).keys() == {1, 2}


def test_a_visit_has_one_browser_and_one_address(events: list[tuple[int, Event]]) -> None:
    visits = defaultdict(set)
    for _, event in events:
        actor = event["actor"]
        if "domain_sessionid" in actor:
            visits[actor["domain_sessionid"]].add((actor["domain_userid"], actor["user_ipaddress"], actor["useragent"]))
    assert all(len(each) == 1 for each in visits.values())
    assert len(visits) > 1_000


def test_crawlers_have_no_account(events: list[tuple[int, Event]]) -> None:
    agents = {bot.useragent for bot in BOTS}
    crawled = [event for _, event in events if event["actor"]["useragent"] in agents]
    assert 0.03 < len(crawled) / len(events) < 0.2
    assert not any("user_id" in event["actor"] for event in crawled)
    seen = " ".join({event["actor"]["useragent"] for event in crawled})
    assert all(name in seen for name in ("Googlebot", "bingbot", "GPTBot"))


def test_some_devices_have_a_clock_that_is_hours_wrong(events: list[tuple[int, Event]]) -> None:
    wrong = [
        abs(collector_ms - event["times"]["dvce_sent_tstamp"]) > HALF_HOUR_MS
        for collector_ms, event in events
        if "dvce_sent_tstamp" in event["times"]
    ]
    assert 0.001 < sum(wrong) / len(wrong) < 0.05


def test_some_events_are_buffered_on_the_device(events: list[tuple[int, Event]]) -> None:
    waits = [
        event["times"]["dvce_sent_tstamp"] - event["times"]["dvce_created_tstamp"]
        for _, event in events
        if event["platform"] == "mob"
    ]
    assert all(0 <= wait <= BUFFER_MAX_MS + 100 for wait in waits)
    assert 0.02 < sum(wait > 10_000 for wait in waits) / len(waits) < 0.1


def test_visits_begin_with_campaigns_and_go_from_page_to_page(events: list[tuple[int, Event]]) -> None:
    contexts = [event["context"] for _, event in events if event["platform"] == "web"]
    pages = [context["page_url"] for context in contexts]
    assert any("utm_campaign=" in page for page in pages)
    assert all(page.startswith("https://www.market.example/") and page.count("?") <= 1 for page in pages)
    referrers = {context["page_referrer"] for context in contexts if "page_referrer" in context}
    assert "https://www.google.com/" in referrers
    assert referrers & set(pages)


def test_attributes_are_nested(events: list[tuple[int, Event]]) -> None:
    assert all(any(isinstance(value, dict) for value in event["attributes"].values()) for _, event in events)


def test_every_person_and_every_listing_is_distinct(marketplace: Marketplace) -> None:
    assert len(marketplace.people) == conftest.USERS
    assert len({person.browser.domain_userid for person in marketplace.people}) == conftest.USERS
    assert len({listing.path for listing in marketplace.listings}) == conftest.LISTINGS
