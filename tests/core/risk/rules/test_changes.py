"""Changes of rules in the running job: a wrong one is refused alone, and their order does not count."""

from itertools import permutations

import msgspec
import pytest

from contracts.security.rule_changes import MAX_RULE_BYTES, RuleChange
from core.risk.rules.changes import Removal, read_change
from core.risk.rules.known_names import KNOWN_NAMES
from core.risk.rules.model import RuleProblem
from core.risk.security_event import SecurityEvent
from tests.core.risk.rules.rule_texts import change, correlation, loaded, rule

_FAILED = rule("failed", "event_name == 'sign_in' && auth_outcome == 'failure'")
_EVENT = SecurityEvent(event_id="e", event_name="sign_in", collector_tstamp=1, auth_outcome="failure")


def test_a_change_counts_before_the_file() -> None:
    changed = change("failed", rule("failed", "event_name == 'sign_up'"))

    rules = loaded(_FAILED, changes={"failed": changed})

    assert rules.match(_EVENT) == ((), ())
    assert rules.version != loaded(_FAILED).version
    assert rules.refused == {}


def test_a_rule_that_is_taken_back_is_the_files() -> None:
    assert loaded(_FAILED, changes={"failed": None}).version == loaded(_FAILED).version


def test_what_rests_on_a_rule_that_is_off_goes_on_without_it() -> None:
    files = (_FAILED, correlation("many", "failed"), rule("odd", "many || user.new_device"))

    rules = loaded(*files, changes={"failed": change("failed", None)})

    assert rules.match(_EVENT) == ((), ())
    assert set(rules.rules) - {*KNOWN_NAMES} == {"many", "odd"}
    assert rules.refused == {}
    assert rules.subject_rules[0].holds({"user.new_device": True}) is True  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("failed", rule("failed", "nobody == 1"), "unknown name 'nobody'"),
        ("failed", rule("failed", "user.new_device"), "cannot count failed, found by the habit"),
        ("new", correlation("new", "nothing"), "there is no rule 'nothing'"),
        ("new", rule("other", "true"), "it names the rule 'other'"),
        ("new", rule("new", "true") + "---\n" + rule("b", "true"), "it must be one rule and has 2"),
        ("new", "decisions: {}", "unknown key 'decisions' of a rule"),
    ],
)
def test_a_wrong_change_is_refused_alone(name: str, text: str, reason: str) -> None:
    good = change("good", rule("good", "event_name == 'sign_in'"))

    rules = loaded(_FAILED, correlation("many", "failed"), changes={name: change(name, text), "good": good})

    assert rules.match(_EVENT)[0] == ("failed", "good")
    assert set(rules.refused) == {name}
    assert reason in str(rules.refused[name][0])


def test_the_order_of_changes_does_not_count() -> None:
    """The oldest needs the newest, which was changed again meanwhile."""
    changes = [
        change("second", correlation("second", "first"), at=1),
        change("first", correlation("first", "base"), at=2),
        change("base", rule("base", "event_name == 'sign_in'"), at=3),
    ]
    versions = set[str]()
    for order in permutations(changes):
        rules = loaded(_FAILED, changes={each.name: each for each in order})
        assert rules.refused == {}
        assert [each.rule.name for each in rules.facet_rules["address"]] == ["first", "second"]
        versions.add(rules.version)

    assert len(versions) == 1


def _encoded(**fields: object) -> bytes:
    known = {"schema": "clickstream.rule/1", "name": "failed", "rule": _FAILED, "changed_tstamp": 1}
    return msgspec.json.encode(known | fields)


def test_a_message_is_a_change_or_takes_one_back() -> None:
    assert isinstance(read_change(b"failed", _encoded()), RuleChange)
    assert isinstance(read_change(b"failed", _encoded(rule=None)), RuleChange)
    assert read_change(b"failed", None) == Removal("failed")
    assert read_change(b"failed", b"") == Removal("failed")


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        (None, _encoded(), "no rule's name"),
        (b"", _encoded(), "no rule's name"),
        (b"\xff", _encoded(), "no rule's name"),
        (b"other", _encoded(), "another name"),
        (b"failed", b"{", "no change of a rule"),
        (b"failed", b"\xff\xfe", "no change of a rule"),
        (b"failed", b"[" * 100_000, "no change of a rule"),
        (b"failed", _encoded(schema="clickstream.rule/2"), "no change of a rule"),
        (b"failed", _encoded(more=1), "no change of a rule"),
        (b"failed", _encoded(name="Failed"), "no change of a rule"),
        (b"failed", _encoded(rule="x" * (MAX_RULE_BYTES + 1)), "no change of a rule"),
        (b"failed", b" " * (4 * MAX_RULE_BYTES), "longer than"),
        (b"failed", _encoded(rule="name: other"), "has no title"),
        (b"failed", _encoded(rule=rule("other", "true")), "names the rule 'other'"),
        (b"failed", _encoded(rule="a: &x [1]\nb: *x"), "aliases"),
        (b"failed", _encoded(rule=""), "has 0"),
    ],
)
def test_a_poisoned_message_is_refused_with_the_reason(key: bytes | None, value: bytes, reason: str) -> None:
    found = read_change(key, value)

    assert isinstance(found, RuleProblem)
    assert reason in str(found)
    assert len(str(found)) < 500
