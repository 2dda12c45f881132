"""Each attack is just above, or just below, the numbers of the rules. Here they are counted in the events."""

from collections import Counter
from itertools import combinations

import pytest

from core.risk.observation import SIMILAR_BITS
from producers.synthetic.attacks.crawlers import CLAIMS
from producers.synthetic.attacks.sign_ups import THROW_AWAY
from producers.synthetic.marketplace import Marketplace
from tests.producers.synthetic.attacks.played import HOUR_MS, MINUTE_MS, Seen, distinct, duration_ms, play

pytestmark = pytest.mark.parametrize("seed", range(12))
QUARTER_MS = 15 * MINUTE_MS


def failures_of(events: list[Seen]) -> Counter[str | None]:
    assert all(each.failed and each.name == "sign_in" for each in events)
    return Counter(each.user_id for each in events)


def at_most_twice(tried: Counter[str | None]) -> float:
    return sum(count <= 2 for count in tried.values()) / len(tried)


def several_times(tried: Counter[str | None]) -> float:
    return sum(2 <= count <= 6 for count in tried.values()) / len(tried)


@pytest.mark.parametrize("kind", ["credential_stuffing_address", "credential_stuffing_network"])
def test_stuffing(kind: str, seed: int, marketplace: Marketplace) -> None:
    above, below = play(kind, marketplace, seed), play(kind, marketplace, seed, above=False)
    tried = failures_of(above)
    assert (len(above) >= 25, len(tried) >= 15, at_most_twice(tried) >= 0.8) == (True, True, True)
    assert len(above) <= 60
    tried = failures_of(below)
    assert (len(below), len(tried)) == (22, 13)
    assert several_times(tried) < 0.6
    for events in (above, below):
        assert duration_ms(events) < QUARTER_MS
        assert distinct(events, "agent") == 1
        assert distinct(events, "device_id") == 0
    assert (distinct(above, "address") == 1) == (kind == "credential_stuffing_address")
    if kind == "credential_stuffing_network":
        per_address = Counter(each.address for each in above)
        assert max(per_address.values()) <= 5
        assert len({address.split(".")[0] for address in per_address}) == 1


def test_spraying_from_one_address(seed: int, marketplace: Marketplace) -> None:
    above = play("password_spray_address", marketplace, seed)
    tried = failures_of(above)
    assert 15 <= len(above) <= 40
    assert len(tried) >= 5
    assert max(tried.values()) <= 8
    assert several_times(tried) >= 0.6
    assert 5 * MINUTE_MS <= duration_ms(above) < HOUR_MS
    assert distinct(above, "address") == 1
    below = play("password_spray_address", marketplace, seed, above=False)
    assert (len(below), distinct(below, "user_id")) == (12, 4)


def test_spraying_by_one_tool(seed: int, marketplace: Marketplace) -> None:
    above = play("password_spray_client", marketplace, seed)
    tried = failures_of(above)
    assert (distinct(above, "address") >= 5, len(tried) >= 8, len(above) >= 25) == (True, True, True)
    assert max(tried.values()) <= 5
    below = play("password_spray_client", marketplace, seed, above=False)
    assert (distinct(below, "address"), distinct(below, "user_id"), len(below)) == (4, 7, 18)
    for events in (above, below):
        assert (distinct(events, "agent"), distinct(events, "device_id")) == (1, 0)
        assert duration_ms(events) < QUARTER_MS


def test_cracking(seed: int, marketplace: Marketplace) -> None:
    above = play("password_cracking", marketplace, seed)
    assert 20 <= max(failures_of(above).values()) == len(above) <= 30
    assert distinct(play("password_cracking", marketplace, seed, above=False), "user_id") == 1
    assert len(play("password_cracking", marketplace, seed, above=False)) == 8


def test_a_tool_without_cookies(seed: int, marketplace: Marketplace) -> None:
    above = play("cookieless_tool", marketplace, seed)
    below = play("cookieless_tool", marketplace, seed, above=False)
    assert (distinct(above, "device_id") >= 7, len(above) >= 10) == (True, True)
    assert (distinct(below, "device_id"), len(below)) == (4, 8)
    for events in (above, below):
        assert (distinct(events, "user_id"), distinct(events, "address")) == (1, 1)
        assert duration_ms(events) <= 30 * MINUTE_MS
        assert len(events) < 20


@pytest.mark.parametrize(
    ("kind", "common", "counts"),
    [
        ("scripted_sign_ups_address", "address", (15, 6)),
        ("scripted_sign_ups_device", "device_id", (4, 2)),
        ("scripted_sign_ups_domain", "email_domain", (15, 5)),
    ],
)
def test_sign_ups(kind: str, common: str, counts: tuple[int, int], seed: int, marketplace: Marketplace) -> None:
    above, below = play(kind, marketplace, seed), play(kind, marketplace, seed, above=False)
    for events in (above, below):
        assert {each.name for each in events} == {"sign_up"}
        assert distinct(events, "user_id") == len(events)
        assert distinct(events, common) == 1
        assert duration_ms(events) < HOUR_MS
        if common != "device_id":
            assert distinct(events, "device_id") == len(events)
    assert len(above) >= counts[0]
    assert len(below) == counts[1]
    if common == "email_domain":
        assert {each.said.email_domain for each in above} <= set(THROW_AWAY)


def test_a_ring_of_spammers(seed: int, marketplace: Marketplace) -> None:
    above = play("spam_ring", marketplace, seed)
    below = play("spam_ring", marketplace, seed, above=False)
    assert distinct(above, "user_id") >= 5
    assert distinct(below, "user_id") == 2
    assert duration_ms(above) < HOUR_MS
    for events in (above, below):
        listed = [each.said for each in events if each.name == "listing_create"]
        for one, other in combinations(listed, 2):
            for field in ("listing_text_hash", "listing_image_hash"):
                bits = int(getattr(one, field), 16) ^ int(getattr(other, field), 16)
                assert bits.bit_count() <= SIMILAR_BITS
        assert all(each.listing_has_contact for each in listed)
        assert distinct(events, "device_id") == distinct(events, "address") == distinct(events, "user_id")


def test_crawlers(seed: int, marketplace: Marketplace) -> None:
    above = play("lying_crawler", marketplace, seed)
    below = play("lying_crawler", marketplace, seed, above=False)
    assert {each.agent for each in above} <= set(CLAIMS)
    assert not any("bot" in each.agent for each in below)
    assert {each.name for each in above + below} == {"http_request"}
    assert distinct(above, "user_id") == 0
