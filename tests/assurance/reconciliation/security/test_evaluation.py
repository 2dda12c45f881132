"""The measures, each on a case that one can count by hand."""

from pathlib import Path

import msgspec
import pytest

from assurance.reconciliation.security.evaluation import Evaluation, evaluate
from assurance.reconciliation.security.history import VerdictHistory
from assurance.reconciliation.security.truth import Intensity, Truth, TruthError, TruthKey, by_key, read_truth
from contracts.security.verdicts import Verdict
from tests.assurance.reconciliation.security.builders import AT, verdict


def attack(
    event_id: str, scenario: str, intensity: Intensity = "above", role: str = "attempt", subject: str = "u1"
) -> Truth:
    return Truth(
        event_id=event_id,
        scenario=scenario,
        kind="spray",
        intensity=intensity,
        is_attack=True,
        role=role,
        subject=subject,
    )


def innocent(event_id: str, kind: str | None = None) -> Truth:
    return Truth(event_id=event_id, scenario=kind, kind=kind, subject="u1")


def measured(truths: list[Truth], verdicts: list[Verdict]) -> Evaluation:
    history = VerdictHistory()
    history.add_all(verdicts)
    return evaluate(by_key(truths), history.events)


def test_whatever_was_ever_acted_on_counts_and_attacks_below_are_right_too() -> None:
    truths = [attack("a", "s1"), attack("b", "s2", "below"), innocent("c"), innocent("d"), innocent("e")]
    verdicts = [
        verdict("a", "deny"),
        verdict("b", "challenge"),
        verdict("c", "challenge"),
        verdict("d", "challenge"),
        verdict("d", version=2),
        verdict("e"),
    ]
    found = measured(truths, verdicts)
    assert (found.precision, found.precision_final) == (0.5, 0.6667)
    assert (found.innocent_challenge_rate, found.innocent_challenge_rate_final) == (0.6667, 0.3333)
    assert found.innocent_story_challenge_rate is None


def test_recall_is_of_attacks_above_and_those_below_are_told_beside() -> None:
    truths = [attack("a1", "s1"), attack("a2", "s1"), attack("b1", "s2"), attack("c1", "s3", "below")]
    verdicts = [
        verdict("a1", "challenge"),
        verdict("a1", version=2),
        verdict("a2"),
        verdict("b1"),
        verdict("c1", "deny"),
    ]
    found = measured(truths, verdicts)
    assert (found.recall, found.recall_final, found.recall_below) == (0.5, 0.0, 1.0)
    assert found.recall_events == 0.3333
    assert (found.precision, found.precision_final) == (1.0, 1.0)


def test_a_false_alarm_on_a_victim_detects_nothing() -> None:
    own = Truth(event_id="v", scenario="s1", kind="spray", intensity="above", subject="u1")
    found = measured([attack("a", "s1"), own], [verdict("a"), verdict("v", "challenge")])
    assert found.precision == 0.0
    assert found.recall == 0.0
    assert found.innocent_challenge_rate == 1.0
    assert [(each.events, each.acted_on, each.detected) for each in found.kinds] == [(1, 0, 0)]


def test_guilty_looking_innocents_are_measured_without_the_ordinary_ones() -> None:
    truths = [innocent("n1", "carrier_nat"), innocent("n2", "carrier_nat"), innocent("o1"), innocent("o2")]
    found = measured(truths, [verdict("n1", "challenge"), *(verdict(name) for name in ("n2", "o1", "o2"))])
    assert (found.innocent_challenge_rate, found.innocent_story_challenge_rate) == (0.25, 0.5)


OUT = AT + 60_000


@pytest.mark.parametrize(("decided", "stopped"), [(OUT, 1), (OUT - 1, 1), (OUT + 1, 0)])
def test_a_take_over_is_stopped_by_what_is_known_at_its_first_checkout(decided: int, stopped: int) -> None:
    truths = [
        attack("in", "s1", role="success"),
        attack("out", "s1", role="checkout"),
        attack("out2", "s1", role="checkout"),
    ]
    verdicts = [
        verdict("in"),
        verdict("in", "challenge", version=2, decided=decided),
        verdict("out", at=OUT),
        verdict("out2", "deny", at=OUT + 30_000),
    ]
    found = measured(truths, verdicts)
    assert (found.take_overs, found.take_overs_stopped) == (1, stopped)
    assert found.recall == 1.0


def test_the_checkouts_own_verdict_stops_it() -> None:
    truths = [attack("in", "s1", role="success"), attack("out", "s1", role="checkout")]
    found = measured(truths, [verdict("in"), verdict("out", "deny", at=OUT)])
    assert found.take_overs_stopped == 1


@pytest.mark.parametrize(
    ("role", "subject", "stopped"),
    [("attempt", "u1", 0), ("attempt", "u2", 0), ("success", "u2", 0), ("success", "u1", 1), ("change", "u1", 1)],
)
def test_only_acts_by_which_somebody_has_this_account_stop_its_take_over(role: str, subject: str, stopped: int) -> None:
    """Stuffing that is challenged, or another account that is kept, leaves this one allowed."""
    truths = [
        attack("before", "s1", role=role, subject=subject),
        attack("in", "s1", role="success"),
        attack("out", "s1", role="checkout"),
    ]
    found = measured(truths, [verdict("before", "deny", subject=subject), verdict("in"), verdict("out", at=OUT)])
    assert (found.take_overs, found.take_overs_stopped) == (1, stopped)
    assert found.recall == 1.0


def test_a_false_alarm_on_the_owner_stops_no_thief() -> None:
    own = Truth(event_id="own", scenario="s1", kind="spray", intensity="above", role="success", subject="u1")
    truths = [own, attack("out", "s1", role="checkout")]
    found = measured(truths, [verdict("own", "deny"), verdict("out", at=OUT)])
    assert (found.take_overs, found.take_overs_stopped) == (1, 0)


def test_each_account_of_an_attack_is_a_take_over_of_its_own() -> None:
    truths = [
        attack(f"{what}-{user}", "s1", role=role, subject=user)
        for user in ("u1", "u2", "u3")
        for what, role in (("in", "success"), ("out", "checkout"))
    ]
    acts = [(truth.event_id, truth.subject or "", AT if truth.role == "success" else OUT) for truth in truths]
    verdicts = [
        verdict(name, "challenge" if name == "in-u1" else "allow", subject=user, at=at)
        for name, user, at in acts
        if name != "out-u3"  # no verdict: nobody stopped it
    ]
    found = measured(truths, verdicts)
    assert (found.take_overs, found.take_overs_stopped) == (3, 1)


def test_shadow_verdicts_stop_nothing() -> None:
    truths = [attack("out", "s1", role="checkout")]
    found = measured(truths, [verdict("out", at=OUT), verdict("out", "deny", mode="shadow", at=OUT)])
    assert (found.take_overs_stopped, found.recall, found.precision) == (0, 0.0, None)


def test_kinds_have_their_numbers_attacks_first() -> None:
    truths = [
        attack("a1", "s1"),
        attack("a2", "s1"),
        attack("b1", "s2"),
        attack("c1", "s3", "below"),
        innocent("n1", "carrier_nat"),
        innocent("ordinary"),
    ]
    verdicts = [
        verdict("a1", "deny"),
        verdict("a2", "deny"),
        verdict("a2", version=2),
        *(verdict(name) for name in ("b1", "c1", "n1", "ordinary")),
    ]
    rows = [
        (each.kind, each.intensity, each.scenarios, each.detected, each.events, each.acted_on, each.acted_on_finally)
        for each in measured(truths, verdicts).kinds
    ]
    assert rows == [
        ("spray", "above", 2, 1, 3, 2, 1),
        ("spray", "below", 1, 0, 1, 0, 0),
        ("carrier_nat", None, 1, 0, 1, 0, 0),
    ]


def test_what_has_no_verdict_is_missed_and_counted() -> None:
    found = measured([attack("a", "s1"), attack("b", "s2"), innocent("c")], [verdict("a", "deny")])
    assert found.unjudged == 2
    assert (found.recall, found.recall_events) == (0.5, 0.5)
    assert found.innocent_challenge_rate is None
    assert found.take_overs == 0
    assert [(each.scenarios, each.detected) for each in found.kinds] == [(2, 1)]


def test_two_subjects_with_the_same_event_id_are_two_events() -> None:
    truths = [attack("a", "s1", subject="u1"), Truth(event_id="a", subject="u2")]
    found = measured(truths, [verdict("a", subject="u1"), verdict("a", "deny", subject="u2")])
    assert (found.precision, found.recall, found.innocent_challenge_rate) == (0.0, 0.0, 1.0)
    found = measured(truths[:1], [verdict("a", subject="u1"), verdict("a", "deny", subject="u2")])
    assert (found.precision, found.recall, found.acted_on_unknown) == (None, 0.0, 1)


def test_two_acts_with_the_same_event_id_do_not_replace_each_other() -> None:
    truths = [attack("a", "s1", role="checkout")]
    verdicts = [verdict("a", "deny", flow="checkout", at=OUT), verdict("a", flow="sign_in", version=9, at=OUT)]
    for order in (verdicts, verdicts[::-1]):
        found = measured(truths, order)
        assert (found.recall, found.precision_final, found.take_overs_stopped) == (1.0, 1.0, 1)


def test_a_truth_without_subjects_is_about_whoever_has_the_event() -> None:
    truth = Truth(event_id="a", scenario="s1", kind="spray", intensity="above", is_attack=True)
    assert measured([truth], [verdict("a", "deny", subject="u7")]).recall == 1.0


def test_a_truth_file_is_read_and_a_wrong_one_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    lines = [
        {
            "event_id": "a",
            "scenario": "s",
            "kind": "k",
            "intensity": "above",
            "is_attack": True,
            "role": "x",
            "subject": "u",
        },
        {"event_id": "b", "scenario": None, "kind": None, "intensity": None, "is_attack": False, "attack": None},
    ]
    path.write_bytes(b"\n".join(map(msgspec.json.encode, [*lines, lines[0]])) + b"\n\n")
    found = read_truth(path)
    assert found.keys() == {TruthKey("a", "u"), TruthKey("b", None)}
    assert found[TruthKey("a", "u")].is_attack
    path.write_bytes(path.read_bytes() + b'{"event_id": 1}\n')
    with pytest.raises(TruthError, match=r"truth\.jsonl:5: "):
        read_truth(path)
    with pytest.raises(TruthError, match="No such file"):
        read_truth(tmp_path / "missing")
