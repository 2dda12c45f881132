"""Rules in effect: the files, and the newest change of each rule that can be used."""

from itertools import permutations

import msgspec
import pytest

from applications.account_security.rules.effective import EffectiveRules, WrongRulesError
from contracts.security.rule_changes import RuleChange
from core.risk.rules.changes import read_change
from core.risk.rules.load import load_rules
from core.risk.stored_state import LogLimits, StoredRules
from tests.applications.account_security.rule_files import EVERY_FAILURE, FILES

NEW = "every_failure"


def _change(text: str | None, name: str = NEW, at: int = 1) -> tuple[bytes, bytes]:
    change = RuleChange(schema="clickstream.rule/1", name=name, rule=text, changed_tstamp=at)
    return name.encode(), msgspec.json.encode(change)


@pytest.fixture
def rules() -> EffectiveRules:
    return EffectiveRules(FILES, load_rules)


def test_a_change_is_in_effect_until_it_is_taken_back(rules: EffectiveRules) -> None:
    before = rules.rule_set
    assert rules.take([_change(EVERY_FAILURE)])
    assert NEW in rules.rule_set.rules
    assert rules.rule_set.version != before.version
    assert rules.take([(NEW.encode(), None)])
    assert rules.rule_set.version == before.version


def test_a_rule_of_a_file_is_off_and_on_again(rules: EffectiveRules) -> None:
    assert rules.take([_change(None, "password_cracking")])
    assert "password_cracking" not in rules.rule_set.rules
    rules.take([(b"password_cracking", None)])
    assert "password_cracking" in rules.rule_set.rules


def test_what_cannot_be_used_is_refused_without_its_content(rules: EffectiveRules) -> None:
    wrong = EVERY_FAILURE.replace("'failure'", "secret_name")
    rules.take(
        [(b"poison", b"{"), (b"\xff", b"{}"), (None, b"secret"), _change(wrong), _change(EVERY_FAILURE, "other")]
    )
    assert rules.rule_set.version == EffectiveRules(FILES, load_rules).rule_set.version
    assert {"poison", NEW, "other"} <= rules.refused.keys()
    assert "secret" not in str(rules.refused)
    rules.take([_change(EVERY_FAILURE), (b"poison", None)])
    assert NEW in rules.rule_set.rules
    assert not {"poison", NEW} & rules.refused.keys()


def test_a_newer_rule_set_has_a_higher_number(rules: EffectiveRules) -> None:
    """A facet that has been evaluated with it does not go back."""
    first = rules.rule_set.number
    rules.take([_change(EVERY_FAILURE)], position=7)
    assert first < rules.rule_set.number == 7


def test_the_same_rules_stay_the_same_object_and_keep_their_quarantine(rules: EffectiveRules) -> None:
    rules.take([_change(EVERY_FAILURE)])
    before = rules.rule_set
    assert not rules.take([_change(EVERY_FAILURE, at=2)])
    assert not rules.take([])
    assert rules.rule_set is before


def test_they_do_not_depend_on_the_order_of_different_rules() -> None:
    changes = [_change(EVERY_FAILURE), _change(None, "password_cracking", at=2), (b"poison", b"{")]
    found = set()
    for order in permutations(changes):
        rules = EffectiveRules(FILES, load_rules)
        for each in order:
            rules.take([each])
        found.add((rules.rule_set.version, tuple(sorted(rules.refused.items()))))
    assert len(found) == 1


def test_a_reader_of_what_is_stored_has_the_same_rules(rules: EffectiveRules) -> None:
    rules.take([_change(EVERY_FAILURE), _change(None, "password_cracking", at=2)])
    stored = rules.stored(7, LogLimits())
    assert isinstance(stored, StoredRules)
    changes = {name: read_change(name.encode(), value) for name, value in stored.changes.items()}
    loaded = load_rules(stored.files, {name: each for name, each in changes.items() if isinstance(each, RuleChange)})
    assert not isinstance(loaded, tuple)
    assert loaded.version == stored.version == rules.rule_set.version


def test_wrong_files_are_told_with_their_lines() -> None:
    with pytest.raises(WrongRulesError, match=r"a\.yml:\d+: "):
        EffectiveRules({**FILES, "a.yml": "name: 7"}, load_rules)


def test_a_refusal_is_told_though_the_rules_stay_the_same(rules: EffectiveRules) -> None:
    assert rules.take([(b"poison", b"{")])
    assert not rules.take([(b"poison", b"{")])
    assert rules.take([(b"poison", None)])
    assert not rules.refused


def test_the_whole_topic_takes_back_what_it_does_not_have_any_more(rules: EffectiveRules) -> None:
    before = rules.rule_set.version
    rules.take([_change(EVERY_FAILURE), (b"poison", b"{")])
    assert rules.take([], is_whole=True)
    assert (rules.rule_set.version, rules.refused) == (before, {})
    assert not rules.take([], is_whole=True)
