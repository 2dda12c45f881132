"""Take-overs: what is new about the thief, and how soon he uses the account."""

from ipaddress import ip_address, ip_network

import pytest

from producers.synthetic.attacks import places
from producers.synthetic.attacks.places import Place, kilometres
from producers.synthetic.marketplace import Marketplace
from tests.producers.synthetic.attacks.played import HOUR_MS, MINUTE_MS, Seen, play

pytestmark = pytest.mark.parametrize("seed", range(12))
CHANGES = {"email_change", "password_change", "payout_change"}


def place_of(address: str) -> Place | None:
    everywhere = (*places.EUROPE, *places.FAR)
    return next((each for each in everywhere if ip_address(address) in ip_network(each.block)), None)


def thief_s(events: list[Seen]) -> list[Seen]:
    """What the thief does after he is in."""
    entry = next(number for number, each in enumerate(events) if each.succeeded and not each.is_innocent)
    return events[entry:]


def test_take_over(seed: int, marketplace: Marketplace) -> None:
    events = play("take_over", marketplace, seed)
    entry, *use = thief_s(events)
    person = next(each for each in marketplace.people if each.user_id.decode() == entry.user_id)
    assert entry.browser not in (person.browser.domain_userid.decode(), None)
    assert use[-1].name == "checkout"
    assert {each.name for each in use[:-1]} <= CHANGES
    assert 0 < use[0].at_ms - entry.at_ms < 5 * MINUTE_MS
    assert use[-1].at_ms - entry.at_ms <= 20 * MINUTE_MS
    before = [each for each in events if each.at_ms < entry.at_ms]
    assert not before or (len(before) >= 26 and entry.user_id in {each.user_id for each in before})


def test_below_a_take_over_has_no_checkout(seed: int, marketplace: Marketplace) -> None:
    entry, change = play("take_over", marketplace, seed, above=False)
    assert entry.succeeded
    assert change.name == "email_change"


def test_hijacked_sessions_go_on_elsewhere(seed: int, marketplace: Marketplace) -> None:
    for above in (True, False):
        own, *stolen = play("session_hijack", marketplace, seed, above=above)
        assert own.is_innocent
        assert {each.name for each in stolen} <= {*CHANGES, "checkout"}
        for each in stolen:
            assert not each.is_innocent
            assert (each.session, each.browser, each.user_id) == (own.session, own.browser, own.user_id)
            assert each.said.device_id == own.said.device_id
            assert each.address != own.address
            assert (each.agent != own.agent) == above
            assert place_of(each.address) is None if above else place_of(each.address) is not None


def test_nobody_travels_so_fast(seed: int, marketplace: Marketplace) -> None:
    for above in (True, False):
        own, entry, *use = play("impossible_traveller_attack", marketplace, seed, above=above)
        home, there = place_of(own.address), place_of(entry.address)
        assert home is not None
        assert there is not None
        speed = kilometres(home, there) / ((entry.at_ms - own.at_ms) / HOUR_MS)
        assert (speed > 900) == above
        assert own.is_innocent
        assert entry.browser != own.browser
        assert bool(use) == above
