import pytest

from contracts.security.verdicts import Decision, Level, Verdict
from core.risk.observation import Hit, Part
from core.risk.rules.model import WEIGHTS, Severity, Thresholds
from core.risk.subject.judge import open_event, take_part
from core.risk.subject.scoring import decision_of, level_of, score_of
from core.risk.subject.state import SubjectState
from tests.core.risk.subject.made import MINUTE, RULES, T0, observation


def test_reasons_add_up_as_independent_ones() -> None:
    assert score_of([]) == 0
    assert score_of([0.73]) == 0.73
    assert score_of([0.47, 0.47]) == 0.719
    assert score_of([0.92, 0.73, 0.21]) == 0.983


@pytest.mark.parametrize("severity", ["low", "medium", "high", "critical"])
def test_a_single_reason_has_the_level_of_its_rule(severity: Severity) -> None:
    assert level_of(score_of([WEIGHTS[severity]]), is_learning=False) == severity


@pytest.mark.parametrize(
    ("score", "level"),
    [(0.0, "none"), (0.399, "low"), (0.4, "medium"), (0.699, "medium"), (0.7, "high"), (0.9, "critical")],
)
def test_levels_begin_at_their_least_score(score: float, level: Level) -> None:
    assert level_of(score, is_learning=False) == level


@pytest.mark.parametrize(
    ("score", "decision"), [(0.599, "allow"), (0.6, "challenge"), (0.899, "challenge"), (0.9, "deny")]
)
def test_decisions_begin_at_their_thresholds(score: float, decision: Decision) -> None:
    assert decision_of(score, Thresholds(challenge=0.6, deny=0.9, challenge_rate=0.01)) == decision


def attacked() -> list[Verdict]:
    state = SubjectState()
    told: list[Verdict] = []
    for number in range(3):
        told += open_event(state, observation(f"event-{number}xx", T0 + number * MINUTE, "sign_in_failed"), (), RULES)
    event = observation("event-3xx", T0 + 3 * MINUTE, "sign_in_succeeded", "odd_agent")
    told += open_event(state, event, ["address:1"], RULES)
    return told + take_part(
        state, Part("sign_in:event-3xx", "address:1", (Hit("stuffing_address", T0 + MINUTE, 30.0),)), RULES
    )


def test_the_verdict_gives_its_reasons_the_heaviest_first() -> None:
    verdict = [each for each in attacked() if each.mode == "live"][-1]
    assert [reason.code for reason in verdict.reasons] == ["stuffing_address", "odd_agent", "failures"]
    assert (verdict.abuse_type, verdict.owasp) == ("account_takeover", "OAT-008")
    assert (verdict.score, verdict.level, verdict.decision) == (0.887, "high", "challenge")
    assert verdict.decided_tstamp == T0 + 3 * MINUTE


def test_a_later_event_tells_more_of_the_earlier_ones() -> None:
    first = [verdict for verdict in attacked() if verdict.event_id == "event-0xx"]
    assert [(each.verdict_version, each.decision, each.decided_tstamp) for each in first] == [
        (1, "allow", T0),
        (2, "challenge", T0 + 2 * MINUTE),
    ]
    assert first[1].reasons[0].words == "3 of 3"


def test_a_rule_on_trial_has_a_verdict_of_its_own() -> None:
    state = SubjectState()
    told: list[Verdict] = []
    for number in range(2):
        event = observation(
            f"event-{number}xx", T0 + number, flow="checkout", domain_sessionid="s", user_ipaddress=f"a{number}"
        )
        told += open_event(state, event, (), RULES)
    assert [(each.event_id, each.mode, each.decision) for each in told] == [
        ("event-0xx", "live", "allow"),
        ("event-1xx", "live", "allow"),
        ("event-1xx", "shadow", "challenge"),
    ]
