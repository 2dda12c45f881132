"""The varied attacks are what they say, whatever their numbers are, and they do vary."""

from collections import Counter
from itertools import pairwise
from random import Random
from statistics import median

import pytest

from producers.synthetic.attacks.catalogue import VARIED_ATTACKS
from producers.synthetic.attacks.sign_ups import THROW_AWAY
from producers.synthetic.attacks.varied.origins import COMMON, Common, Origin
from producers.synthetic.marketplace import Marketplace
from tests.producers.synthetic.attacks.played import HOUR_MS, MINUTE_MS, Seen, distinct, play
from tests.producers.synthetic.attacks.test_take_overs import place_of

SEEDS = range(12)
MANY = range(60)
CHANGES = {"email_change", "password_change", "payout_change", "mfa_change"}
TAKE_OVERS = ("take_over_abroad", "take_over_by_vpn", "take_over_in_country", "take_over_by_mailbox")


def browsers_of(marketplace: Marketplace) -> dict[str, str]:
    return {person.user_id.decode(): person.browser.domain_userid.decode() for person in marketplace.people}


def median_gap_ms(events: list[Seen]) -> float:
    return median(later.at_ms - earlier.at_ms for earlier, later in pairwise(events))


@pytest.mark.parametrize("kind", VARIED_ATTACKS)
def test_the_same_seed_is_the_same_attack(kind: str, marketplace: Marketplace) -> None:
    assert play(kind, marketplace, 1) == play(kind, marketplace, 1) != play(kind, marketplace, 2)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("kind", "tries"), [("varied_stuffing", range(1, 3)), ("varied_spraying", range(3, 6))])
def test_many_accounts_are_tried(kind: str, tries: range, seed: int, marketplace: Marketplace) -> None:
    events = play(kind, marketplace, seed)
    failed = [each for each in events if each.failed]
    assert len(failed) >= 24
    tried = Counter(each.user_id for each in failed if each.user_id is not None)
    assert all(count in tries for count in tried.values())
    assert all(each.said.auth_reason == "unknown_user" for each in failed if each.user_id is None)
    assert 150 < median_gap_ms(failed) < 120_000
    got_in = {each.user_id for each in events if each.succeeded}
    assert len(got_in) in ((1, 2) if kind == "varied_stuffing" else (0, 1))
    assert got_in == {each.user_id for each in events if each.name == "checkout"}
    assert not got_in & tried.keys()


@pytest.mark.parametrize("seed", SEEDS)
def test_one_account_is_cracked(seed: int, marketplace: Marketplace) -> None:
    events = play("varied_cracking", marketplace, seed)
    assert distinct(events, "user_id") == 1
    failures = sum(each.failed for each in events)
    assert 22 <= failures <= 80
    assert all(each.failed for each in events[:failures])
    assert len(events) == failures or (events[failures].succeeded and events[-1].name == "checkout")


def test_tries_vary_in_speed_origin_device_and_success(marketplace: Marketplace) -> None:
    gaps, addresses, devices, agents, at_hosts, positions, without_name = [], [], set(), set(), set(), set(), 0
    for seed in MANY:
        events = play("varied_stuffing", marketplace, seed)
        failed = [each for each in events if each.failed]
        gaps.append(median_gap_ms(failed))
        addresses.append(distinct(failed, "address"))
        ids = distinct(failed, "device_id")
        devices.add("none" if ids == 0 else "fixed" if ids == 1 else "rotating")
        agents |= {"Mozilla" in each.agent for each in failed}
        at_hosts |= {place_of(each.address) is None for each in failed}
        first = next(number for number, each in enumerate(events) if each.succeeded)
        positions.add(4 * first // len(events))
        without_name += any(each.user_id is None for each in failed)
    assert min(gaps) < 1_000
    assert max(gaps) > 30_000
    assert min(addresses) == 1
    assert max(addresses) > 10
    assert devices == {"none", "fixed", "rotating"}
    assert agents == at_hosts == {True, False}
    assert positions >= {0, 1, 2}
    assert 10 < without_name < 50


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("common", COMMON)
def test_the_requests_of_an_attack_have_something_in_common(common: Common, seed: int) -> None:
    origin = Origin(common, Random(f"{common} {seed}"))
    clients = [origin.client() for _ in range(60)]
    addresses = {client.address.decode() for client in clients}
    if common == "address":
        assert len(addresses) <= 3
    else:
        assert len(addresses) >= 4
    if common == "network":
        assert len({address.partition(".")[0] for address in addresses}) == 1
    if common == "client":
        assert len({client.useragent for client in clients}) == 1
        assert not clients[0].useragent.startswith(b"Mozilla")
    if common == "device":
        assert len({client.security for client in clients}) == len({client.useragent for client in clients}) == 1


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", TAKE_OVERS)
def test_a_stranger_takes_an_account_and_orders(kind: str, seed: int, marketplace: Marketplace) -> None:
    events = play(kind, marketplace, seed)
    entry = next(number for number, each in enumerate(events) if each.succeeded)
    first, use = events[0], events[entry + 1 :]
    assert (distinct(events, "user_id"), distinct(events, "browser"), distinct(events, "address")) == (1, 1, 1)
    assert first.browser != browsers_of(marketplace)[first.user_id or ""]
    assert first.said.auth_mfa == "none"
    assert use[-1].name == "checkout"
    assert {each.name for each in use[:-1]} <= CHANGES
    assert 2 * MINUTE_MS <= use[-1].at_ms - events[entry].at_ms < 5 * HOUR_MS
    before = [(each.name, each.said.auth_outcome, each.said.auth_reason) for each in events[:entry]]
    if kind == "take_over_by_mailbox":
        assert before == [("password_change", "success", "reset")]
    else:
        assert set(before) <= {("sign_in", "failure", "wrong_password")}
        assert len(before) <= (3 if kind == "take_over_abroad" else 0)
    if kind == "take_over_in_country":
        assert place_of(first.address) is not None
        assert len(use) > 1
    if kind == "take_over_by_vpn":
        assert place_of(first.address) is None


def test_take_overs_come_with_and_without_changes(marketplace: Marketplace) -> None:
    for kind in ("take_over_abroad", "take_over_by_vpn"):
        changes = {sum(each.name in CHANGES for each in play(kind, marketplace, seed)) for seed in MANY}
        assert changes == {0, 1, 2, 3}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_session_goes_on_elsewhere_with_another_agent(seed: int, marketplace: Marketplace) -> None:
    own, *stolen = play("session_taken_over", marketplace, seed)
    assert own.is_innocent
    assert own.browser == browsers_of(marketplace)[own.user_id or ""]
    assert stolen[-1].name == "checkout"
    assert len(stolen) > 1
    for each in stolen:
        assert (each.user_id, each.session, each.browser) == (own.user_id, own.session, own.browser)
        assert each.address != own.address
        assert not each.is_innocent
    assert len({each.agent for each in stolen}) == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_sign_ups_in_numbers(seed: int, marketplace: Marketplace) -> None:
    events = play("varied_sign_ups", marketplace, seed)
    assert {each.name for each in events} == {"sign_up"}
    assert 16 <= len(events) == distinct(events, "user_id") <= 40
    assert distinct(events, "address") <= 3
    assert 1_000 < median_gap_ms(events) < 150_000


def test_sign_ups_have_mailboxes_of_every_sort(marketplace: Marketplace) -> None:
    domains = [{each.said.email_domain for each in play("varied_sign_ups", marketplace, seed)} for seed in MANY]
    of_one = [next(iter(found)) for found in domains if len(found) == 1]
    assert set(of_one) & set(THROW_AWAY)
    assert any((name or "").startswith("mail-") for name in of_one)
    assert any(len(found) > 3 for found in domains)


def bits(one: Seen, other: Seen, field: str) -> int:
    return (int(getattr(one.said, field), 16) ^ int(getattr(other.said, field), 16)).bit_count()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_new_account_spams_alone(seed: int, marketplace: Marketplace) -> None:
    first, *listed = play("spam_by_one_account", marketplace, seed)
    assert first.name == "sign_up"
    assert {each.name for each in listed} == {"listing_create"}
    assert 10 <= len(listed) <= 40
    assert distinct([first, *listed], "user_id") == 1
    assert listed[-1].at_ms < 3.1 * HOUR_MS
    assert all(each.said.listing_has_contact or each.said.listing_has_link for each in listed)
    assert all((each.said.listing_price_ratio or 9) <= 0.5 for each in listed)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_ring_edits_its_text(seed: int, marketplace: Marketplace) -> None:
    events = play("spam_ring_edited", marketplace, seed)
    listed = [each for each in events if each.name == "listing_create"]
    assert 6 <= len(listed) == distinct(events, "user_id") == distinct(events, "device_id") <= 15
    for one, other in pairwise(listed):
        assert bits(one, other, "listing_text_hash") <= 16
        assert bits(one, other, "listing_image_hash") <= 6
    assert all(each.said.listing_has_contact or each.said.listing_has_link for each in listed)


def test_edits_are_sometimes_more_than_a_hash_forgives(marketplace: Marketplace) -> None:
    distances = []
    for seed in SEEDS:
        listed = [each for each in play("spam_ring_edited", marketplace, seed) if each.name == "listing_create"]
        distances += [bits(one, other, "listing_text_hash") for one, other in pairwise(listed)]
    assert min(distances) <= 3 < max(distances)


@pytest.mark.parametrize("seed", SEEDS)
def test_crawlers_lie_anywhere(seed: int, marketplace: Marketplace) -> None:
    events = play("lying_crawler_anywhere", marketplace, seed)
    assert 3 <= len(events) <= 80
    assert {each.name for each in events} == {"http_request"}
    assert distinct(events, "address") == distinct(events, "agent") == 1
    assert "Googlebot" in events[0].agent or "bingbot" in events[0].agent
