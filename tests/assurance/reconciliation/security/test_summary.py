"""Each event has one verdict, its highest version; what is missing, unexpected or there again is counted."""

import itertools

import msgspec

from assurance.reconciliation.security.history import VerdictHistory, key_of_event
from assurance.reconciliation.security.summary import sum_up
from contracts.security.verdicts import Verdict
from core.risk.security_event import SecurityEvent
from tests.assurance.reconciliation.security.builders import AT, keys, verdict


def history(*verdicts: Verdict) -> VerdictHistory:
    found = VerdictHistory()
    found.add_all(verdicts)
    return found


def test_the_highest_version_counts_in_whatever_order_they_come() -> None:
    versions = [verdict("a"), verdict("a", "deny", version=2), verdict("a", "challenge", version=3, decided=AT + 9)]
    for order in itertools.permutations(versions):
        found = sum_up(keys(["a"]), history(*order))
        assert found.by_decision == {"challenge": 1}
        assert (found.verdicts, found.superseded, found.repeated) == (1, 2, 0)
        assert found.balanced


def test_a_verdict_that_comes_again_is_no_verdict() -> None:
    found = sum_up(keys(["a", "a"]), history(verdict("a"), verdict("a")))
    assert (found.verdicts, found.repeated, found.superseded, found.events) == (1, 1, 0, 1)
    assert found.balanced


def test_what_lacks_a_verdict_and_what_has_one_for_no_event() -> None:
    found = sum_up(keys([f"e{number:02}" for number in range(30)]), history(verdict("x")))
    assert not found.balanced
    assert (found.missing, found.unexpected) == (30, 1)
    assert found.missing_ids == [f"e{number:02}" for number in range(20)]
    assert found.unexpected_ids == ["x"]


def test_a_shadow_verdict_is_not_the_events_verdict() -> None:
    shadow = verdict("a", "deny", mode="shadow")
    assert sum_up(keys(["a"]), history(shadow)).missing == 1
    found = sum_up(keys(["a", "b"]), history(verdict("a"), shadow, verdict("b"), verdict("b", mode="shadow")))
    assert found.balanced
    assert found.by_decision == {"allow": 2}
    assert found.shadow_changes == 1
    assert found.challenge_rate == 0


def test_rates_reasons_and_levels() -> None:
    verdicts = [verdict(name) for name in "abcdefgh"]
    acted = [verdict("i", "challenge", rule="rule_b"), verdict("j", "deny", rule="rule_b")]
    found = sum_up(keys("abcdefghij"), history(*verdicts, *acted))
    assert found.challenge_rate == 0.2
    assert found.reasons == {"rule_b": 2}
    assert found.by_level == {"none": 8, "high": 2}
    assert found.by_flow == {"sign_in": 10}
    assert (found.precision, found.recall, found.truth) == (None, None, None)


def test_the_samples_are_the_heaviest_of_different_reasons() -> None:
    verdicts = [verdict(f"a{number}", "deny", score=0.95) for number in range(9)]
    others = [verdict(f"b{number}", "challenge", rule=f"rule_{number}", score=0.7) for number in range(2)]
    found = sum_up([], history(*verdicts, *others, verdict("quiet")))
    assert found.samples[:3] == [
        "deny sign in (high, 0.95): rule_a holds",
        "challenge sign in (high, 0.70): rule_0 holds",
        "challenge sign in (high, 0.70): rule_1 holds",
    ]
    assert len(found.samples) == 5


def test_a_verdict_on_another_subject_or_act_is_another_events() -> None:
    found = sum_up(
        keys(["a", "b"]), history(verdict("a"), verdict("a", "deny", subject="u2"), verdict("b", flow="sign_up"))
    )
    assert (found.missing_ids, found.unexpected_ids) == (["b"], ["a", "b"])
    assert (found.verdicts, found.superseded) == (3, 0)


def test_what_an_event_should_have_a_verdict_as() -> None:
    event = SecurityEvent(event_id="a", event_name="email_change", collector_tstamp=AT, user_id="u1", device_id="d")
    assert key_of_event(event) == ("a", "user:u1", "account_change")
    assert key_of_event(msgspec.structs.replace(event, user_id=None)) == ("a", "device:d", "account_change")
    assert key_of_event(msgspec.structs.replace(event, event_name="page_view")) is None
