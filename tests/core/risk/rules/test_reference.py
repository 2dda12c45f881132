"""The reference names everything that a rule may name, and its examples load."""

import re

from core.risk.rules.documents import read_text
from core.risk.rules.environments import EVENT, HABIT_TYPES, window_environment
from core.risk.rules.facet_keys import FACET_OF
from deploy.paths import PROJECT

_TEXT = (PROJECT / "docs/reference/rules.md").read_text(encoding="utf-8")


def test_it_has_every_habit_with_its_type() -> None:
    rows = re.findall(r"^\| (`[^|]+) \| (bool|int|double|string) \|", _TEXT, re.MULTILINE)

    assert {name: kind for names, kind in rows for name in re.findall("`([^`]+)`", names)} == HABIT_TYPES


def test_it_has_every_function_and_every_shared_value() -> None:
    functions = {*EVENT.functions, *window_environment(frozenset()).functions}

    assert [name for name in functions if f"{name}(" not in _TEXT] == []
    assert [name for name in FACET_OF if f"`{name}`" not in _TEXT] == []


def test_its_examples_are_rules() -> None:
    texts = re.findall(r"```yaml\n(.*?)```", _TEXT, re.DOTALL)
    rule, decisions, lists, other = (read_text("example.yml", text) for text in texts)

    assert (rule.problems, decisions.problems, lists.problems, other.problems) == ((), (), (), ())
    assert [each.name for each in (*rule.rules, *other.rules)] == ["credential_stuffing_address", "signed_up_hosting"]
    assert [flow for flow, _, _ in decisions.thresholds] == ["sign_in"]
    assert [each.name for each in lists.lists] == ["hosting_networks", "company_networks"]
