"""The rules that the program asks for by name must be there, as conditions on the event."""

import pytest

from core.risk.rules.known_names import KNOWN_NAMES
from core.risk.rules.load import load_rules
from tests.core.risk.rules.known_rules import known_rules
from tests.core.risk.rules.rule_texts import DECISIONS, SHIPPED, change, correlation, loaded, rule


def told(text: str) -> str:
    found = load_rules({"a.yml": text, "decisions.yml": DECISIONS})
    return "\n".join(map(str, found)) if isinstance(found, tuple) else ""


@pytest.mark.parametrize("name", KNOWN_NAMES)
def test_rules_without_one_of_them_are_refused(name: str) -> None:
    """Else nothing would ever be learnt, and nobody would see why."""
    other = rule(name, "has(user_id)").replace(name, "other")
    text = other + known_rules(f"name: {name}\n")
    assert told(text) == f"decisions.yml:1: no file has the rule {name}, which the program needs"
    assert told(text.replace("other", name)) == ""


@pytest.mark.parametrize(
    "text",
    [
        rule("proven_sign_in", "travel.known"),
        correlation("proven_sign_in", "sign_in_succeeded"),
        correlation("proven_sign_in", "sign_in_succeeded", group="user_id"),
        rule("proven_sign_in", "other") + "---\n" + rule("other", "user.new_device"),
    ],
)
def test_one_that_is_not_on_the_event_is_refused(text: str) -> None:
    assert told(text + known_rules(text)) == (
        "a.yml:1: proven_sign_in: the program needs it to be a condition on the event"
    )


@pytest.mark.parametrize("name", KNOWN_NAMES)
def test_no_control_message_switches_one_off_or_makes_another_thing_of_it(name: str) -> None:
    off = loaded(changes={name: change(name, None)})
    assert "which the program needs" in str(off.refused[name][0])
    assert name in off.rules
    replaced = loaded(changes={name: change(name, rule(name, "travel.known"))})
    assert "a condition on the event" in str(replaced.refused[name][0])
    better = loaded(changes={name: change(name, rule(name, "has(device_id)"))})
    assert better.refused == {}


def test_the_shipped_file_says_which_they_are() -> None:
    comment = SHIPPED["building_blocks.yml"].partition("\nname:")[0]
    assert all(name in comment for name in KNOWN_NAMES)
