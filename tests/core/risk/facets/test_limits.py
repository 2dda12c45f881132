"""What a facet does with an event that comes too late, and with more events than it keeps."""

import pytest
from msgspec.structs import replace

from core.risk.facets.limits import FacetLimits
from core.risk.facets.log import Told, add, peek
from core.risk.facets.state import FacetState, pack, unpack
from core.risk.observation import PLACE, Hit, Observation, Part, digest, subject_key_of
from core.risk.rules.known_names import SIGN_IN_SUCCEEDED
from tests.core.risk.facets.facet_samples import RulesByHand
from tests.core.risk.windows.rules_of import observation, window_rule

FAILURES = window_rule("failures", ["failed"], ["user_ipaddress"], 100, holds=lambda window: window.count() >= 3)
RULES = RulesByHand({"address": (FAILURES,)})
KEY = "address:7"
LIMITS = FacetLimits(events=3, lateness_ms=50)


def failure(event_id: str, at: int, user_id: int = 1) -> Observation:
    return observation(event_id, at, ["failed"], values={"user_ipaddress": 7, "user_id": user_id})


def sign_in(event_id: str, at: int, country: int | None = None) -> Observation:
    return observation(event_id, at, [SIGN_IN_SUCCEEDED], values={"user_ipaddress": 7, "geo_country": country})


def after(*arrivals: Observation, limits: FacetLimits = LIMITS) -> FacetState:
    state = FacetState()
    for each in arrivals:
        add(state, KEY, each, RULES, limits)
    return state


def hits(state: FacetState) -> dict[str, int]:
    return {each.observed.event_id: each.hits["failures"].since for each in state.log if each.hits}


def test_the_event_that_completes_a_window_tells_the_others() -> None:
    state = after(failure("a", 1, user_id=1), failure("b", 2, user_id=2))
    hit = (Hit("failures", 3, 3.0),)
    assert add(state, KEY, failure("c", 3, user_id=3), RULES, LIMITS) == [
        Told(subject_key_of("user", "u3"), Part("sign_in:c", KEY, hit, at=3)),
        Told(subject_key_of("user", "u1"), Part("sign_in:a", KEY, hit, at=1)),
        Told(subject_key_of("user", "u2"), Part("sign_in:b", KEY, hit, at=2)),
    ]


def test_a_further_event_of_an_attack_is_told_alone() -> None:
    state = after(failure("a", 1), failure("b", 2), failure("c", 3))
    assert [each.part.event for each in add(state, KEY, failure("d", 4), RULES)] == ["sign_in:d"]


def test_an_event_in_the_log_is_not_added_again_and_has_its_answer_again() -> None:
    """Its subject may have lost it, or a message may have come twice: who waits for the part must get it."""
    state = after(failure("a", 1), failure("b", 2), failure("c", 3))
    before = pack(state)
    told = Told(subject_key_of("user", "u1"), Part("sign_in:a", KEY, (Hit("failures", 3, 3.0),), at=1))
    assert add(state, KEY, failure("a", 1), RULES, LIMITS) == [told]
    assert pack(state) == before


def test_events_of_one_id_on_several_accounts_are_several_events() -> None:
    """The sender chooses the ids: an attacker who gives all tries one id must not hide them."""
    state = after(*(failure("same", 1, user_id=user) for user in range(3)))
    assert [each.hits for each in state.log] == [{"failures": Hit("failures", 1, 3.0)}] * 3


def test_events_of_one_id_and_different_flows_are_several_events() -> None:
    other = replace(failure("same", 1), flow="sign_up")
    state = after(failure("same", 1), other)
    assert [each.observed.identity for each in state.log] == ["sign_in:same", "sign_up:same"]


def test_the_log_does_not_say_who_it_was() -> None:
    event = replace(failure("a", 1), subject_id="max@example.com", latitude=48.2, longitude=16.4, registered=5)
    packed = pack(after(event, sign_in("b", 2)))
    kept = unpack(packed).log[0].observed
    assert (kept.subject_id, kept.latitude, kept.longitude, kept.registered) == ("", None, None, None)
    assert kept.subject_key == event.subject_key
    assert b"max@example.com" not in packed


def test_an_event_that_left_the_log_and_comes_again_does_not_take_back_its_hits() -> None:
    state = after(*(failure(each, at) for at, each in enumerate("abcd")))
    before = pack(state)
    assert add(state, KEY, failure("a", 0), RULES, LIMITS) == [
        Told(subject_key_of("user", "u1"), Part("sign_in:a", KEY, is_late=True))
    ]
    assert pack(state) == before


@pytest.mark.parametrize(("at", "is_late"), [(1_000 - 150, True), (1_000 - 149, False)])
def test_the_log_reaches_back_by_the_timespan_and_the_lateness(at: int, is_late: bool) -> None:
    state = after(failure("a", 1_000))
    assert add(state, KEY, failure("b", at), RULES, LIMITS)[0].part.is_late is is_late
    assert len(state.log) == 2 - is_late


def test_what_an_incomplete_window_found_stays_found() -> None:
    """The window of a, b and c held. When a and b have left the log, a late event must not take the hit from c."""
    state = after(*(failure(each, at) for at, each in ((10, "a"), (20, "b"), (30, "c"), (125, "d"), (128, "e"))))
    assert hits(state) == {"c": 30, "d": 128, "e": 128}
    add(state, KEY, failure("c2", 30), RULES, FacetLimits(events=4, lateness_ms=50))
    assert hits(state) == {"c": 30, "c2": 125, "d": 125, "e": 128}


def test_an_earlier_window_replaces_what_an_incomplete_one_found() -> None:
    state = after(*(failure(each, at) for at, each in ((10, "a"), (30, "c"), (40, "d"), (41, "e"))))
    assert hits(state) == {"c": 40, "d": 40, "e": 41}
    for late in (failure("c1", 31), failure("c2", 32)):
        add(state, KEY, late, RULES, FacetLimits(events=6, lateness_ms=50))
    assert hits(state) == {"c": 32, "c1": 32, "c2": 32, "d": 40, "e": 41}


def test_sign_ins_that_no_rule_counts_do_not_push_out_those_that_one_counts() -> None:
    state = after(failure("a", 1), *(sign_in(f"s{number}", 2) for number in range(10)), failure("b", 3))
    assert [each.observed.event_id for each in state.log] == ["a", "b"]


def test_a_repeated_sign_in_is_counted_once() -> None:
    state = after(sign_in("a", 1), sign_in("a", 1))
    assert peek(state, KEY, sign_in("b", 1_000), RULES, LIMITS).seen == 1


def test_a_sign_in_from_long_before_is_not_counted_and_told_as_late() -> None:
    state = after(sign_in("a", 1_000))
    before = pack(state)
    assert add(state, KEY, sign_in("b", 100), RULES, LIMITS)[0].part == Part("sign_in:b", KEY, is_late=True, at=100)
    assert pack(state) == before


def test_the_hits_of_a_rule_that_is_gone_are_dropped() -> None:
    state = after(failure("a", 1), failure("b", 2), failure("c", 3))
    others = RulesByHand({"address": (window_rule("others", ["failed"], ["user_ipaddress"], 100),)})
    add(state, KEY, failure("d", 4), others)
    assert [sorted(each.hits) for each in state.log] == [["others"]] * 4


def test_an_older_rule_set_does_not_drop_the_hits_of_a_newer_one() -> None:
    """While rules change, events come that were observed with the old set."""
    old, new = (
        RulesByHand({"address": (window_rule("others", ["failed"], ["user_ipaddress"], 100),)}),
        RulesByHand({"address": (FAILURES,)}),
    )
    new.number = 2
    state = FacetState()
    for number, rules in enumerate([old, new, new, new, old, old]):
        add(state, KEY, failure(f"e{number}", number), rules)
    assert (state.rules_number, unpack(pack(state)).rules_number) == (2, 2)
    assert ["failures" in each.hits for each in state.log] == [True] * 4 + [False] * 2
    add(state, KEY, failure("e6", 6), new)
    assert [sorted(each.hits) for each in state.log] == [["failures"]] * 7


def test_peek_changes_nothing_although_the_event_would_change_others() -> None:
    state = after(failure("a", 1), failure("b", 2))
    before = pack(state)
    assert peek(state, KEY, failure("c", 3), RULES, LIMITS).hits == (Hit("failures", 3, 3.0),)
    assert pack(state) == before


def test_peek_of_an_event_in_the_log() -> None:
    state = after(failure("a", 1), failure("b", 2), failure("c", 3))
    assert peek(state, KEY, failure("a", 1), RULES, LIMITS) == Part("sign_in:a", KEY, (Hit("failures", 3, 3.0),), at=1)


@pytest.mark.parametrize(
    "asked", [failure("a", 4), failure("a", 1, user_id=2), replace(failure("a", 1), flow="sign_up")]
)
def test_peek_gives_nobody_the_answer_of_an_old_event(asked: Observation) -> None:
    """Who asks names the id: with an old one he would get what was found before the attack."""
    state = after(failure("a", 1), failure("b", 2), limits=FacetLimits(events=9))
    assert peek(state, KEY, failure("a", 1), RULES, LIMITS).hits == ()
    add(state, KEY, failure("c", 2, user_id=3), RULES, FacetLimits(events=9))
    assert peek(state, KEY, asked, RULES, FacetLimits(events=9)).hits != ()


@pytest.mark.slow
def test_memory_is_bounded() -> None:
    """100,000 events of one address, one a millisecond; every second one is a sign-in from yet another country."""
    address, site = FacetState(), FacetState()
    limits = FacetLimits(events=64, lateness_ms=500)
    for number in range(0, 100_000, 2):
        signed_in = sign_in(f"e{number}", number, number)
        add(address, KEY, signed_in, RULES, limits)
        add(site, "site:", signed_in, RULES, limits)
        add(address, KEY, failure(f"e{number + 1}", number + 1), RULES, limits)
    assert (len(address.log), len(address.seen.spans), len(site.seen.spans)) == (64, 3, 3)
    assert (address.seen.countries, len(site.seen.countries)) == ({}, 300)
    assert len(pack(address)) < 11_000
    assert len(pack(site)) < 15_000


def test_country_of_the_site() -> None:
    state = FacetState()
    country = digest("AT")
    assert sign_in("a", 1, country).values[PLACE["geo_country"]] == country
    for number in range(3):
        add(state, "site:", sign_in(f"s{number}", number, country if number else None), RULES, LIMITS)
    part = peek(state, "site:", sign_in("b", 1_000, country), RULES, LIMITS)
    assert (part.seen, part.seen_in_country) == (3, 2)
