"""The innocents do what looks like an attack, with the devices that they have always had."""

from collections import Counter
from itertools import pairwise

import pytest

from producers.synthetic.attacks.catalogue import INNOCENTS
from producers.synthetic.attacks.places import kilometres
from producers.synthetic.marketplace import Marketplace
from tests.producers.synthetic.attacks.played import HOUR_MS, Seen, distinct, duration_ms, play
from tests.producers.synthetic.attacks.test_take_overs import place_of

pytestmark = pytest.mark.parametrize("seed", range(6))


def knows(event: Seen, marketplace: Marketplace) -> bool:
    """Whether the account's person has that browser."""
    browsers = {person.user_id.decode(): person.browser.domain_userid.decode() for person in marketplace.people}
    return browsers[event.user_id or ""] == event.browser


@pytest.mark.parametrize("kind", sorted(set(INNOCENTS) - {"new_phone", "family_device"}))
def test_they_use_their_own_devices(kind: str, seed: int, marketplace: Marketplace) -> None:
    assert all(knows(event, marketplace) for event in play(kind, marketplace, seed))


@pytest.mark.parametrize(("kind", "people", "hours"), [("carrier_nat", 60, 2.2), ("office_proxy", 40, 0.7)])
def test_many_share_an_address(kind: str, people: int, hours: float, seed: int, marketplace: Marketplace) -> None:
    events = play(kind, marketplace, seed)
    assert distinct(events, "address") == 1
    assert distinct(events, "user_id") == distinct(events, "device_id") == people
    assert duration_ms(events) < hours * HOUR_MS
    tried = Counter(event.user_id for event in events if event.failed)
    assert 0 < len(tried) < 25
    assert set(tried.values()) == {1}
    assert {event.user_id for event in events if event.succeeded} >= set(tried)


def test_a_family_shares_a_device(seed: int, marketplace: Marketplace) -> None:
    events = play("family_device", marketplace, seed)
    assert [distinct(events, field) for field in ("user_id", "device_id", "address")] == [3, 1, 1]


def test_a_vpn_ends_in_another_network(seed: int, marketplace: Marketplace) -> None:
    home, abroad, order = play("vpn_user", marketplace, seed)
    assert place_of(home.address) is not None
    assert place_of(abroad.address) is None
    assert (order.name, order.address) == ("checkout", abroad.address)


def test_travellers_fly(seed: int, marketplace: Marketplace) -> None:
    home, landed, _ = play("traveller", marketplace, seed)
    start, end = place_of(home.address), place_of(landed.address)
    assert start is not None
    assert end is not None
    assert start.country != end.country
    assert 50 < kilometres(start, end) / ((landed.at_ms - home.at_ms) / HOUR_MS) < 800


def test_a_forgotten_password_is_reset(seed: int, marketplace: Marketplace) -> None:
    *wrong, reset, success = play("forgotten_password", marketplace, seed)
    assert 4 <= len(wrong) <= 7
    assert all(event.failed for event in wrong)
    assert (reset.name, reset.said.auth_reason) == ("password_change", "reset")
    assert success.succeeded
    assert distinct([*wrong, reset, success], "device_id") == 1


def test_a_new_phone_is_at_home(seed: int, marketplace: Marketplace) -> None:
    events = play("new_phone", marketplace, seed)
    assert [event.name for event in events] == ["sign_in", "password_change", "checkout"]
    assert not any(knows(event, marketplace) for event in events)
    assert {place_of(event.address) is None for event in events} == {False}


def test_a_seller_has_many_similar_listings(seed: int, marketplace: Marketplace) -> None:
    first, *listed = play("professional_seller", marketplace, seed)
    assert first.succeeded
    assert 15 <= len(listed) <= 25
    assert {(event.user_id, event.name) for event in listed} == {(first.user_id, "listing_create")}
    hashes = [int(event.said.listing_text_hash or "", 16) for event in listed]
    assert all((one ^ other).bit_count() <= 3 for one, other in pairwise(hashes))
