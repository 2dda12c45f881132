"""What is learnt of an account, and what conditions see of it."""

import pytest

from contracts.security.verdicts import Verdict
from core.risk.habits import HABITS, NEVER
from core.risk.observation import Observation
from core.risk.rules.rule_set import HabitRule, RuleSet
from core.risk.subject.habits import habits
from core.risk.subject.judge import open_event
from core.risk.subject.labelling import take_label
from core.risk.subject.profile import Profile
from core.risk.subject.state import SubjectState
from tests.core.risk.subject.made import DAY, HOUR, MINUTE, RULES, T0, MadeRules, habit_rule, label, observation, rule

BERLIN, HAMBURG = (52.5, 13.4), (53.55, 10.0)


def success(number: int, at: int, *others: str, device: str = "d0", place: tuple[float, float] = BERLIN) -> Observation:
    return observation(
        f"event-{number:03}",
        at,
        "sign_in_succeeded",
        *others,
        place=place,
        device_id=device,
        user_ipaddress="a1",
        as_number="3320",
        geo_country="DE",
        client="c1",
    )


def seen(state: SubjectState, observed: Observation) -> dict[str, object]:
    """The habits that a rule sees at the event."""
    found: list[dict[str, object]] = []

    def look(facts: object) -> bool:
        assert isinstance(facts, dict)
        found.append(dict(facts))
        return False

    rules: RuleSet = MadeRules(list(RULES.rules.values()), [HabitRule(rule("look"), look)])
    open_event(state, observed, (), rules)
    return found[-1]


def after(*observations: Observation) -> SubjectState:
    state = SubjectState()
    for observed in observations:
        open_event(state, observed, (), RULES)
    return state


def test_habits_have_the_types_that_are_declared() -> None:
    facts = seen(after(success(0, T0)), success(1, T0 + HOUR, place=HAMBURG))
    assert HABITS.keys() <= facts.keys()
    for name, habit in HABITS.items():
        assert type(facts[name]) is habit.type or (habit.may_lack and facts[name] is None), name
    assert facts.keys() - HABITS.keys() == {*RULES.rules, "look"}
    assert facts["sign_in_succeeded"] is True
    assert facts["odd_agent"] is False


def test_nothing_is_new_to_an_account_without_history() -> None:
    facts = seen(SubjectState(), success(0, T0))
    assert {facts[f"user.new_{name}"] for name in ("device", "country", "network", "client", "address")} == {False}
    assert facts["user.ms_since_new_device"] == NEVER
    assert facts["user.is_learning"] is True


def test_what_is_new_is_told_and_remembered() -> None:
    strange = observation(
        "event-001", T0 + HOUR, "sign_in_succeeded", device_id="d9", geo_country="FR", as_number="1", client="c9"
    )
    facts = seen(after(success(0, T0)), strange)
    assert [facts[f"user.new_{name}"] for name in ("device", "country", "network", "client")] == [True] * 4
    assert facts["user.new_address"] is False, "the event has none"
    later = seen(after(success(0, T0), strange), success(2, T0 + 3 * HOUR))
    assert [later[f"user.ms_since_new_{name}"] for name in ("device", "country", "network")] == [2 * HOUR] * 3


@pytest.mark.parametrize(("sign_ins", "is_learning"), [(9, True), (10, False)])
def test_ten_sign_ins_are_learnt(sign_ins: int, is_learning: bool) -> None:
    state = after(*(success(number, T0 + number * MINUTE) for number in range(sign_ins)))
    facts = seen(state, success(99, T0 + HOUR))
    assert (facts["user.sign_ins"], facts["user.is_learning"]) == (sign_ins, is_learning)


@pytest.mark.parametrize(("days", "is_learning"), [(13.9, True), (14, False)])
def test_fourteen_days_are_learnt(days: float, is_learning: bool) -> None:
    facts = seen(after(success(0, T0)), success(1, T0 + int(days * DAY)))
    assert facts["user.is_learning"] is is_learning


@pytest.mark.parametrize(("others", "is_new"), [(19, False), (20, True)])
@pytest.mark.parametrize("apart", [MINUTE, 2 * DAY])
def test_the_last_twenty_successes_are_compared(others: int, is_new: bool, apart: int) -> None:
    state = after(*(success(n, T0 + n * apart, device="old" if n == 0 else "d0") for n in range(others + 1)))
    facts = seen(state, success(99, T0 + 50 * apart, device="old"))
    assert facts["user.new_device"] is is_new


def test_a_success_from_a_network_that_is_not_remembered_is_not_learnt() -> None:
    hidden = success(1, T0 + HOUR, "unremembered_network", device="d9", place=HAMBURG)
    facts = seen(after(success(0, T0), hidden), success(2, T0 + 2 * HOUR, device="d9"))
    assert facts["user.sign_ins"] == 1
    assert facts["user.new_device"] is True
    assert facts["travel.distance_km"] == 0, "the journey begins at the success before"


def denied(number: int, at: int) -> Observation:
    return success(number, at, "odd_agent", "very_odd", device="d9")


STRICT = MadeRules(
    [*RULES.rules.values(), rule("very_odd", "critical")], [habit_rule("nothing", lambda facts: False, "low")]
)


def test_a_denied_success_is_learnt_when_a_label_says_so() -> None:
    state = SubjectState()
    open_event(state, success(0, T0), (), STRICT)
    (verdict,) = open_event(state, denied(1, T0 + HOUR), (), STRICT)
    assert (verdict.decision, verdict.level) == ("deny", "critical")
    assert profile_of(state).sign_ins == 1
    changed = take_label(state, label("l1", "challenge_passed", "event-001", T0 + 2 * HOUR), STRICT).verdicts
    assert [(each.decision, each.verdict_version, each.supersedes) for each in changed] == [
        ("allow", 2, verdict.verdict_id)
    ]
    assert changed[0].reasons == verdict.reasons
    assert profile_of(state).sign_ins == 2
    assert seen(state, success(2, T0 + 3 * HOUR, device="d9"))["user.new_device"] is False


def test_a_late_label_reaches_an_event_that_has_left_the_log() -> None:
    state = SubjectState()
    for observed in (success(0, T0), denied(1, T0 + HOUR), success(2, T0 + 5 * DAY)):
        open_event(state, observed, (), STRICT)
    assert [entry.observed.event_id for entry in state.log] == ["event-002"]
    assert profile_of(state).sign_ins == 2
    labelled = take_label(state, label("l1", "false_positive", "event-001", T0 + 6 * DAY), STRICT)
    assert [(each.event_id, each.decision) for each in labelled.verdicts] == [("event-001", "allow")]
    assert profile_of(state).sign_ins == 3
    taken_back = take_label(state, label("l2", "confirmed_fraud", "event-001", T0 + 7 * DAY), STRICT)
    assert [(each.event_id, each.decision) for each in taken_back.verdicts] == [
        ("event-001", "deny"),
        ("event-002", "challenge"),
    ]
    assert profile_of(state).sign_ins == 1, "what came after the fraud until it was found out is not learnt either"


def test_a_success_that_was_folded_is_forgotten_when_it_was_fraud() -> None:
    state = after(success(0, T0), success(1, T0 + HOUR), success(2, T0 + 5 * DAY))
    take_label(state, label("l1", "confirmed_fraud", "event-001", T0 + 6 * DAY), RULES)
    assert profile_of(state).sign_ins == 1, "nor is what came after it until it was found out"


def test_failures_are_counted_until_a_success() -> None:
    failures = [observation(f"event-{n:03}", T0 + n * MINUTE, "sign_in_failed") for n in range(3)]
    assert seen(after(*failures), success(9, T0 + HOUR))["user.failures_in_a_row"] == 3
    assert seen(after(*failures, success(9, T0 + HOUR)), success(10, T0 + 2 * HOUR))["user.failures_in_a_row"] == 0


def test_a_session_counts_its_addresses_and_clients_with_the_event() -> None:
    def visit(number: int, session: str, address: str) -> Observation:
        return observation(
            f"event-{number:03}",
            T0 + number,
            flow="checkout",
            domain_sessionid=session,
            user_ipaddress=address,
            client="c",
        )

    state = after(visit(0, "s1", "a1"), visit(1, "s1", "a2"), visit(2, "s2", "a3"))
    facts = seen(state, visit(3, "s1", "a4"))
    assert (facts["session.addresses"], facts["session.clients"]) == (3, 1)


def test_what_is_kept_of_sessions_is_bounded() -> None:
    profile = Profile()
    for number in range(1000):
        session, address, client = f"s{number // 100}", f"a{number}", f"c{number}"
        event = observation("event", T0 + number, domain_sessionid=session, user_ipaddress=address, client=client)
        profile.fold(event, is_learnt=False)
    assert len(profile.sessions) == 8
    assert {len(session.addresses) for session in profile.sessions.values()} == {16}


def test_the_account_s_age_is_that_of_its_registration() -> None:
    assert habits(Profile(), success(0, T0), None)["user.account_age_ms"] == DAY


def profile_of(state: SubjectState) -> Profile:
    """With the log's events."""
    profile = state.profile.copy()
    for entry in state.log[state.judged_for_good() :]:
        profile.fold(entry.observed, is_learnt=entry.is_learnt, is_cleared=entry.is_cleared)
    return profile


def test_the_level_of_a_new_account_is_unknown() -> None:
    verdicts: list[Verdict] = []
    state = SubjectState()
    for number in range(11):
        verdicts += open_event(state, success(number, T0 + number * MINUTE), (), RULES)
    assert [each.level for each in verdicts] == ["unknown"] * 10 + ["none"]
