"""What the back-test counts, with memory for the suspicious events only; and which thresholds it suggests."""

from hypothesis import given
from hypothesis import strategies as st

from assurance.backtest.tally import Change, RuleHits, Tally
from assurance.backtest.thresholds import rate_at, threshold_for
from assurance.reconciliation.security.truth import Truth, by_key
from core.risk.runner import Runner
from tests.assurance.backtest.security_samples import rules, sign_in


def tally(truth: list[Truth] | None = None, *, is_part: bool = False) -> Tally:
    """Five failures of one address, then forty quiet events; two of the attack are by a tool."""
    attack = [sign_in(number, agent="curl/8" if number < 2 else "Mozilla/5.0") for number in range(5)]
    quiet = [sign_in(number, outcome="success", address=f"203.0.113.{number}") for number in range(100, 140)]
    found = Tally(by_key(truth or []), is_part=is_part)
    found.add_all(Runner(rules()).run([*attack, *quiet]))
    return found


def test_quiet_events_are_counted_and_not_kept() -> None:
    found = tally()
    assert found.events() == {"sign_in": 45}
    assert found.decisions() == {("sign_in", "allow"): 40, ("sign_in", "challenge"): 5}
    assert len(found.history.events) == 5
    assert found.scores("sign_in") == {0.73: 5}


def test_rules_that_are_tried_out_show_what_would_change() -> None:
    found = tally()
    assert found.rule_hits() == [RuleHits("stuffing", 5, 0), RuleHits("tool", 2, 0)]
    assert found.changes() == {Change("sign_in", "challenge", "deny"): 2}


def test_with_a_truth_hits_are_right_or_wrong() -> None:
    truth = [
        Truth(
            event_id=f"event-{number:04}",
            scenario="s" if number < 4 else None,
            kind="stuffing" if number < 4 else None,
            intensity="above" if number < 4 else None,
            is_attack=number < 4,
        )
        for number in (0, 1, 2, 3, 4, 100)
    ]
    found = tally(truth)
    assert found.rule_hits() == [RuleHits("stuffing", 5, 4), RuleHits("tool", 2, 2)]
    evaluation = found.evaluation()
    assert evaluation is not None
    assert (evaluation.precision, evaluation.recall, evaluation.innocent_challenge_rate) == (0.8, 1.0, 0.5)
    assert found.events() == {"sign_in": 45}


def test_a_span_of_a_longer_truth_measures_what_has_a_verdict() -> None:
    truth = [
        Truth(event_id=name, scenario=name, kind="stuffing", intensity="above", is_attack=True)
        for name in ("event-0000", "event-outside")
    ]
    for is_part, recall, unjudged in ((False, 0.5, 1), (True, 1.0, 0)):
        evaluation = tally(truth, is_part=is_part).evaluation()
        assert evaluation is not None
        assert (evaluation.recall, evaluation.unjudged) == (recall, unjudged)


def test_the_most_suspicious_come_first_with_their_reasons() -> None:
    found = tally().suspicious(2)
    assert [each.subject for each in found] == ["user:u0000", "user:u0001"]
    assert found[0].reasons == ("5 failed sign-ins from this address within 15 minutes (limit 5)",)
    assert (found[0].events, found[0].acted_on) == (1, 1)


@given(
    st.dictionaries(st.sampled_from([0.21, 0.47, 0.57, 0.73, 0.92]), st.integers(1, 20)),
    st.integers(0, 500),
    st.floats(0, 0.2),
)
def test_the_threshold_is_the_lowest_that_keeps_the_rate(scores: dict[float, int], quiet: int, accepted: float) -> None:
    events = sum(scores.values()) + quiet
    found = threshold_for(scores, events, accepted)
    if found.threshold is not None:
        assert found.rate == rate_at(scores, events, found.threshold) <= accepted
    lower = [score for score in scores if found.threshold is None or score < found.threshold]
    if lower:
        assert rate_at(scores, events, max(lower)) > accepted
