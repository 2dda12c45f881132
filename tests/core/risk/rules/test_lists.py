"""Named lists: what conditions may do with them, and what is refused."""

import pytest

from core.risk.rules.load import load_rules
from core.risk.rules.rule_set import HabitRule, RuleSet
from core.risk.security_event import SecurityEvent
from tests.core.risk.rules.known_rules import known_rules
from tests.core.risk.rules.rule_texts import DECISIONS, change, problems, rule

_LISTS = "lists:\n  networks: [14061, 24940]\n  domains: ['163.com', 'no', gmail.com, '12']\n  flows: [checkout]\n"


def _loaded(lists: str, *rules: str) -> RuleSet:
    text = "---\n".join(rules)
    texts = {"rules.yml": text + known_rules(text), "lists.yml": lists, "decisions.yml": DECISIONS}
    found = load_rules(texts, {"late": change("late", rule("late", "as_number in networks"))})
    assert isinstance(found, RuleSet), "\n".join(map(str, found))
    return found


def _matched(rules: RuleSet, **fields: object) -> tuple[str, ...]:
    return rules.match(SecurityEvent(event_id="e", event_name="sign_in", collector_tstamp=1, **fields))[0]  # type: ignore[arg-type]


def test_conditions_name_lists() -> None:
    rules = _loaded(
        _LISTS,
        rule("hosted", "as_number in networks"),
        rule("known_domain", "email_domain in domains"),
        rule("paying", "flow in flows && user.new_device"),
    )

    assert _matched(rules, as_number=14061, email_domain="no") == ("hosted", "known_domain", "late")
    assert _matched(rules, as_number=1, email_domain="12") == ("known_domain",)
    assert _matched(rules) == ()
    (paying,) = rules.subject_rules
    assert isinstance(paying, HabitRule)
    assert paying.holds({"flow": "checkout", "user.new_device": True})
    assert not paying.holds({"flow": "sign_in", "user.new_device": True})


def test_the_version_is_of_the_values_and_not_of_their_order() -> None:
    hosted = rule("hosted", "as_number in networks")

    assert _loaded("lists: {networks: [1, 2]}", hosted).version == _loaded("lists: {networks: [2, 1]}", hosted).version
    assert _loaded("lists: {networks: [1, 2]}", hosted).version != _loaded("lists: {networks: [1]}", hosted).version


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        ("lists: {networks: [1, a]}", "lists.yml:1: networks has both numbers and texts"),
        ("lists:\n  networks:\n    - 1\n    - 1\n", "lists.yml:4: networks has '1' twice"),
        ("lists: {networks: []}", "lists.yml:1: networks is empty"),
        ("lists: {networks: 1}", "lists.yml:1: networks must be a list"),
        ("lists: {networks: [[1]]}", "lists.yml:1: networks must be a text"),
        ("lists: {Networks: [1]}", "lists.yml:1: a list's name is 'Networks'"),
        ("lists: {networks: [1]}\nname: a\n", "lists.yml:2: unknown key 'name' of the lists"),
        *(
            (f"lists: {{networks: [{value}]}}", f"lists.yml:1: '{value}' in networks is neither")
            for value in ("no", "010", "1_0", "1.5", "1:30", "-1", "2026-01-01")
        ),
        ("lists: {networks: [1]}\n---\nlists: {networks: [2]}", "lists.yml:3: the list networks: is in lists.yml, lin"),
        ("lists: {networks: [1], rule_a: [1]}", "lists.yml:1: the list rule_a: a rule or a field has this name"),
        ("lists: {networks: [1], as_number: [1]}", "lists.yml:1: the list as_number: a rule or a field has this name"),
        ("lists: {network: [1]}", "rules.yml:6: rule_a: condition, line 1, column 14: there is no list 'networks'"),
        (
            "lists: {networks: [a]}",
            "rules.yml:6: rule_a: condition, line 1, column 14: an int is never in a list with a",
        ),
    ],
)
def test_a_problem_is_told_with_file_and_line(lists: str, expected: str) -> None:
    texts = {"rules.yml": rule("rule_a", "as_number in networks"), "lists.yml": lists, "decisions.yml": DECISIONS}
    found = problems(texts)

    assert any(expected in each for each in found), "\n".join(found)


def test_a_change_of_a_rule_cannot_bring_a_list() -> None:
    texts = {"lists.yml": _LISTS, "decisions.yml": DECISIONS, "known.yml": known_rules("")}
    found = load_rules(texts, {"domains": change("domains", "lists: {domains: [a]}")})

    assert isinstance(found, RuleSet)
    assert "unknown key 'lists' of a rule" in str(found.refused["domains"][0])
