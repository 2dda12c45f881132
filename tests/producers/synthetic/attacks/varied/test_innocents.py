"""The varied innocents do what they say: they look guilty, and are not."""

from collections import Counter
from itertools import combinations, pairwise

import pytest

from producers.synthetic.attacks.catalogue import VARIED_INNOCENTS
from producers.synthetic.attacks.networks import CARRIER
from producers.synthetic.attacks.places import kilometres
from producers.synthetic.attacks.varied.crowds import APPLICATIONS
from producers.synthetic.marketplace import Marketplace
from tests.producers.synthetic.attacks.played import HOUR_MS, MINUTE_MS, distinct, duration_ms, play
from tests.producers.synthetic.attacks.test_innocents import knows
from tests.producers.synthetic.attacks.test_take_overs import place_of

SEEDS = pytest.mark.parametrize("seed", range(8))


@pytest.mark.parametrize("kind", VARIED_INNOCENTS)
def test_the_same_seed_is_the_same_story(kind: str, marketplace: Marketplace) -> None:
    assert play(kind, marketplace, 1) == play(kind, marketplace, 1) != play(kind, marketplace, 2)


@SEEDS
@pytest.mark.parametrize(
    ("kind", "people", "mistyping", "hours"),
    [
        ("large_office", (40, 110), (5, 30), 1.3),
        ("large_carrier_nat", (150, 200), (10, 30), 5.3),
        ("application_without_device_ids", (40, 80), (8, 25), 2.3),
    ],
)
def test_everybody_of_a_crowd_gets_in(  # noqa: PLR0917
    kind: str, people: tuple[int, int], mistyping: tuple[int, int], hours: float, seed: int, marketplace: Marketplace
) -> None:
    events = play(kind, marketplace, seed)
    entered = Counter(each.user_id for each in events if each.succeeded)
    assert people[0] <= len(entered) <= people[1]
    assert set(entered.values()) == {1}
    tried = Counter(each.user_id for each in events if each.failed)
    assert mistyping[0] <= len(tried) <= mistyping[1]
    assert tried.keys() <= entered.keys()
    assert set(tried.values()) <= {1, 2}
    assert duration_ms(events) < hours * HOUR_MS
    if kind == "application_without_device_ids":
        assert distinct(events, "device_id") == 0
        assert {each.agent for each in events} <= set(APPLICATIONS)
        assert distinct(events, "agent") == 1
        assert distinct(events, "address") > 0.9 * len(entered)  # two may live in one house
    else:
        assert distinct(events, "address") == 1
        assert all(knows(each, marketplace) for each in events)


@SEEDS
def test_customers_use_the_device_of_a_shop(seed: int, marketplace: Marketplace) -> None:
    events = play("shop_device", marketplace, seed)
    assert distinct(events, "device_id") == distinct(events, "address") == 1
    assert 5 <= sum(each.succeeded for each in events) <= 20
    assert duration_ms(events) < 10.1 * HOUR_MS
    assert not any(knows(each, marketplace) for each in events if each.user_id is not None)
    assert {each.name for each in events} == {"sign_in"}
    assert all(each.said.auth_reason == "unknown_user" for each in events if each.user_id is None)


@SEEDS
def test_sellers_have_a_template(seed: int, marketplace: Marketplace) -> None:
    events = play("sellers_with_templates", marketplace, seed)
    listed = [each for each in events if each.name == "listing_create"]
    assert 3 <= distinct(listed, "user_id") <= 6
    assert distinct(listed, "listing_image_hash") == len(listed)
    hashes = [int(each.said.listing_text_hash or "", 16) for each in listed]
    assert all((one ^ other).bit_count() <= 3 for one, other in combinations(hashes, 2))
    assert all(each.said.listing_has_link and not each.said.listing_has_contact for each in listed)
    assert all((each.said.listing_price_ratio or 0) >= 0.8 for each in listed)
    assert all(knows(each, marketplace) for each in events)


@SEEDS
def test_an_owner_moves_for_good(seed: int, marketplace: Marketplace) -> None:
    events = play("moved_owner", marketplace, seed)
    entries = [each for each in events if each.succeeded]
    assert entries == [each for each in events if each.name == "sign_in"]
    assert distinct(events, "address") == distinct(events, "browser") == distinct(events, "user_id") == 1
    assert [each.said.auth_mfa for each in entries] == ["passed"] + ["none"] * (len(entries) - 1)
    assert duration_ms(events) > 20 * HOUR_MS
    assert sum(each.name == "checkout" for each in events) == len(entries) >= 2


@SEEDS
def test_a_traveller_has_another_sim(seed: int, marketplace: Marketplace) -> None:
    home, landed, *orders = play("traveller_with_new_sim", marketplace, seed)
    start, end = place_of(home.address), place_of(landed.address)
    assert start is not None
    assert end is not None
    assert start.country != end.country
    assert kilometres(start, end) / ((landed.at_ms - home.at_ms) / HOUR_MS) < 800
    assert {each.name for each in orders} == {"checkout"}
    assert {each.session for each in orders} == {landed.session} != {home.session}
    assert distinct([landed, *orders], "address") == len(orders) + 1
    assert {place_of(each.address) for each in orders} == {end}
    assert all(knows(each, marketplace) for each in [home, landed, *orders])


@SEEDS
def test_many_devices_of_one_person(seed: int, marketplace: Marketplace) -> None:
    first, *events = play("password_manager", marketplace, seed)
    *entries, change, order = events
    assert knows(first, marketplace)
    assert (change.name, order.name) == ("password_change", "checkout")
    assert all(each.succeeded and each.said.auth_mfa == "passed" for each in entries)
    assert 3 <= len(entries) == distinct(entries, "device_id") <= 7
    elsewhere = {each.address for each in entries} - {first.address}
    assert all(any(address.startswith(network.block[:4]) for network in CARRIER) for address in elsewhere)
    assert len(elsewhere) <= 1


@SEEDS
def test_an_owner_fails_nine_times(seed: int, marketplace: Marketplace) -> None:
    events = play("persistent_owner", marketplace, seed)
    *wrong, reset, success, order = events
    assert len(wrong) == 9
    assert all(each.failed for each in wrong)
    assert 3 * MINUTE_MS <= duration_ms(wrong) <= 15 * MINUTE_MS
    assert (reset.name, reset.said.auth_reason) == ("password_change", "reset")
    assert success.succeeded
    assert order.name == "checkout"
    assert all(knows(each, marketplace) for each in events)
    assert all(later.address == earlier.address for earlier, later in pairwise(events))
