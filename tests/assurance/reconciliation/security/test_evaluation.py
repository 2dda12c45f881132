"""The measures, each on a case that one can count by hand."""

from pathlib import Path

import msgspec
import pytest

from assurance.reconciliation.security.evaluation import Evaluation, evaluate
from assurance.reconciliation.security.history import VerdictHistory
from assurance.reconciliation.security.truth import Intensity, Truth, TruthError, read_truth
from contracts.security.verdicts import Verdict
from tests.assurance.reconciliation.security.builders import AT, verdict


def attack(event_id: str, scenario: str, intensity: Intensity = "above", role: str = "attempt") -> Truth:
    return Truth(
        event_id=event_id, scenario=scenario, kind="spray", intensity=intensity, is_attack=True, role=role, subject="u"
    )


def innocent(event_id: str, kind: str | None = None) -> Truth:
    return Truth(event_id=event_id, scenario=kind, kind=kind)


def measured(truths: list[Truth], verdicts: list[Verdict]) -> Evaluation:
    history = VerdictHistory()
    history.add_all(verdicts)
    return evaluate({each.event_id: each for each in truths}, history.events)


def test_precision_counts_final_verdicts_and_attacks_below_are_right_too() -> None:
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
    assert found.precision == round(2 / 3, 4)
    assert found.innocent_challenge_rate == round(2 / 3, 4)  # d was challenged for a while


def test_recall_is_of_attacks_above_and_any_version_detects() -> None:
    truths = [attack("a1", "s1"), attack("a2", "s1"), attack("b1", "s2"), attack("c1", "s3", "below")]
    verdicts = [
        verdict("a1", "challenge"),
        verdict("a1", version=2),
        verdict("a2"),
        verdict("b1"),
        verdict("c1", "deny"),
    ]
    found = measured(truths, verdicts)
    assert found.recall == 0.5
    assert found.recall_events == 0.0
    assert found.precision == 1.0


def test_a_victims_own_events_are_no_false_alarm_and_are_innocent() -> None:
    truths = [attack("a", "s1"), Truth(event_id="v", scenario="s1", kind="spray", intensity="above")]
    found = measured(truths, [verdict("a", "deny"), verdict("v", "challenge")])
    assert found.precision == 1.0
    assert found.innocent_challenge_rate == 1.0
    assert found.recall_events == 1.0


@pytest.mark.parametrize(
    ("decided", "stopped"),
    [(AT + 60_000, 1), (AT + 59_999, 1), (AT + 60_001, 0)],
)
def test_a_take_over_is_stopped_by_what_is_known_at_its_first_checkout(decided: int, stopped: int) -> None:
    truths = [attack("in", "s1"), attack("out", "s1", role="checkout"), attack("out2", "s1", role="checkout")]
    verdicts = [
        verdict("in"),
        verdict("in", "challenge", version=2, decided=decided),
        verdict("out", at=AT + 60_000),
        verdict("out2", "deny", at=AT + 90_000),
    ]
    found = measured(truths, verdicts)
    assert (found.take_overs, found.take_overs_stopped) == (1, stopped)
    assert found.recall == 1.0


def test_the_checkouts_own_verdict_stops_it() -> None:
    truths = [attack("in", "s1"), attack("out", "s1", role="checkout")]
    found = measured(truths, [verdict("in"), verdict("out", "deny", at=AT + 60_000)])
    assert found.take_overs_stopped == 1


def test_kinds_have_their_numbers_attacks_first() -> None:
    truths = [
        attack("a1", "s1"),
        attack("a2", "s1"),
        attack("b1", "s2"),
        attack("c1", "s3", "below"),
        innocent("n1", "carrier_nat"),
        innocent("ordinary"),
    ]
    found = measured(truths, [verdict("a1", "deny"), *(verdict(name) for name in ("a2", "b1", "c1", "n1", "ordinary"))])
    rows = [
        (each.kind, each.intensity, each.scenarios, each.detected, each.events, each.acted_on) for each in found.kinds
    ]
    assert rows == [("spray", "above", 2, 1, 3, 1), ("spray", "below", 1, 0, 1, 0), ("carrier_nat", None, 1, 0, 1, 0)]


def test_what_has_no_verdict_is_left_out_and_counted() -> None:
    found = measured([attack("a", "s1"), attack("b", "s2"), innocent("c")], [verdict("a", "deny")])
    assert found.unjudged == 2
    assert found.recall == 1.0
    assert found.innocent_challenge_rate is None
    assert found.take_overs == 0


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
    assert found.keys() == {"a", "b"}
    assert found["a"].is_attack
    path.write_bytes(path.read_bytes() + b'{"event_id": 1}\n')
    with pytest.raises(TruthError, match=r"truth\.jsonl:5: "):
        read_truth(path)
    with pytest.raises(TruthError, match="No such file"):
        read_truth(tmp_path / "missing")
