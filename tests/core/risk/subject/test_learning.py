"""Which successes are learnt, by proof and by labels, in whatever order the labels come."""

import pytest

from contracts.security.labels import Finding
from core.risk.observation import Observation
from core.risk.subject.judge import open_event
from core.risk.subject.labelling import take_label
from core.risk.subject.state import SubjectState
from tests.core.risk.subject.made import DAY, HOUR, RULES, T0, MadeRules, label, rule
from tests.core.risk.subject.test_habits import BERLIN, HAMBURG, after, profile_of, seen, success

LISBON = (38.7, -9.1)
STRICT = MadeRules([*RULES.rules.values(), rule("strange", "high"), rule("very_odd", "critical")], [])


def learnt(*observations: Observation) -> int:
    state = SubjectState()
    for observed in observations:
        open_event(state, observed, (), STRICT)
    return profile_of(state).sign_ins


def test_a_challenged_success_is_learnt_if_it_proves_the_owner() -> None:
    assert learnt(success(0, T0, "strange")) == 0
    assert learnt(success(0, T0, "strange", "proven_sign_in")) == 1


def test_a_denied_success_is_not_learnt_even_so() -> None:
    assert learnt(success(0, T0, "very_odd", "proven_sign_in")) == 0


@pytest.mark.parametrize("age", [HOUR, 5 * DAY])
def test_nor_is_one_that_was_fraud(age: int) -> None:
    state = after(success(0, T0), success(1, T0 + HOUR, "proven_sign_in"))
    open_event(state, success(2, T0 + HOUR + age), (), RULES)
    take_label(state, label("l1", "confirmed_fraud", "event-001", T0 + HOUR + age + 1), RULES)
    assert profile_of(state).sign_ins == 1


def test_under_suspicion_only_a_proof_is_learnt() -> None:
    successes = [success(0, T0), success(1, T0 + HOUR), success(2, T0 + 2 * HOUR, "proven_sign_in")]
    state = after(*successes, success(3, T0 + 9 * DAY))
    take_label(state, label("l1", "confirmed_fraud", "event-000", T0 + 8 * DAY), RULES)
    assert [each.at - T0 for each in profile_of(state).successes] == [2 * HOUR]


@pytest.mark.parametrize("finding", ["confirmed_fraud", "challenge_failed", "challenge_passed"])
@pytest.mark.parametrize("labelled", range(4))
def test_a_label_has_the_same_effect_before_and_after_its_event_left_the_log(labelled: int, finding: Finding) -> None:
    """Also on the place from which the next journey begins: that of the success before is known again."""
    places = [BERLIN, HAMBURG, LISBON, BERLIN]
    events = [success(number, T0 + number * 2 * DAY, device=f"d{number}", place=places[number]) for number in range(4)]
    note = label("l1", finding, f"event-{labelled:03}", T0 + 9 * DAY)
    early, late = SubjectState(), after(*events)
    take_label(early, note, RULES)
    for observed in events:
        open_event(early, observed, (), RULES)
    take_label(late, note, RULES)
    following = success(9, T0 + 20 * DAY)
    habits = [
        {name: value for name, value in seen(state, following).items() if not name.startswith("user.ms_since")}
        for state in (early, late)
    ]
    assert habits[0] == habits[1]


def test_the_place_before_a_forgotten_success_is_the_last_one_again() -> None:
    state = after(success(0, T0), success(1, T0 + HOUR, place=LISBON), success(2, T0 + 5 * DAY, place=LISBON))
    assert seen(state, success(3, T0 + 5 * DAY + HOUR))["travel.distance_km"] != 0
    take_label(state, label("l1", "confirmed_fraud", "event-001", T0 + 5 * DAY), RULES)
    assert profile_of(state).place == (*BERLIN, T0)


def test_a_cleared_event_that_was_folded_is_not_new_any_more() -> None:
    state = after(success(0, T0), success(1, T0 + HOUR, "odd_agent", device="d9"), success(2, T0 + 5 * DAY))
    assert seen(state, success(3, T0 + 5 * DAY))["user.ms_since_new_device"] == 5 * DAY - HOUR
    take_label(state, label("l1", "challenge_passed", "event-001", T0 + 5 * DAY), RULES)
    assert seen(state, success(4, T0 + 5 * DAY))["user.ms_since_new_device"] == 2**53
    assert profile_of(state).time_of("event-001") == T0 + HOUR


def test_what_is_kept_of_places_is_bounded() -> None:
    profile = profile_of(SubjectState())
    for number in range(200):
        profile.fold(success(number, T0 + number, place=(number / 10, 0.0)), is_learnt=True)
    assert len(profile.places) <= 21
    kept = [profile.places[each.place] for each in profile.successes]
    assert kept == [(number / 10, 0.0) for number in range(180, 200)]
