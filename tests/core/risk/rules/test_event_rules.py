"""Conditions on the event that name other event rules."""

import pytest

from core.risk.rules.rule_set import HabitRule, RuleSet
from core.risk.security_event import SecurityEvent
from tests.core.risk.rules.rule_texts import BLOCK, DECISIONS, REASON, change, correlation, loaded, problems, rule

_FAILED = rule("failed", "event_name == 'sign_in' && auth_outcome == 'failure'")
_HOSTED = rule("hosted", "as_number == 7") + "exclusions:\n  - name: own\n    condition: app_id == 'own'\n"
_BOTH = rule("both", "failed && hosted")
_OTHER = rule("another", "failed && !hosted")


def _event(event_name: str = "sign_in", **fields: object) -> SecurityEvent:
    return SecurityEvent(event_id="e", event_name=event_name, collector_tstamp=1, **fields)  # type: ignore[arg-type]


def _matched(rules: RuleSet, event_name: str = "sign_in", **fields: object) -> set[str]:
    """Also with the clock off, which it is in some evaluations."""
    found = [rules.match(_event(event_name, **fields)) for _ in range(20)]
    assert set(found) == {found[0]}
    return set(found[0][0])


def test_a_rule_may_name_others_in_whatever_order_they_stand() -> None:
    rules = loaded(_BOTH, _OTHER, rule("all_of_it", "both && geo_country == 'DE'"), _HOSTED, _FAILED)
    failure = {"auth_outcome": "failure", "geo_country": "DE"}

    assert _matched(rules, **failure, as_number=7) == {"failed", "hosted", "both", "all_of_it"}
    assert _matched(rules, **failure, as_number=8) == {"failed", "another"}
    assert _matched(rules, auth_outcome="success", as_number=7) == {"hosted"}
    assert _matched(rules, "checkout", auth_outcome="failure", as_number=7) == {"hosted"}
    assert rules.subject_rules == ()


def test_a_rule_does_not_hold_where_it_is_excluded() -> None:
    rules = loaded(_BOTH, _OTHER, _HOSTED, _FAILED)

    found = rules.match(_event(auth_outcome="failure", as_number=7, app_id="own"))

    assert (set(found[0]), found[1]) == ({"failed", "another"}, ("hosted",))


def test_an_exclusion_may_name_a_rule() -> None:
    exclusions = "exclusions:\n  - name: known\n    condition: hosted\n"
    rules = loaded(_HOSTED, _FAILED, rule("odd", "failed") + exclusions, correlation("many", "failed") + exclusions)

    assert rules.match(_event(auth_outcome="failure", as_number=7))[1] == ("odd", "many")
    assert _matched(rules, auth_outcome="failure") == {"failed", "odd"}
    counted = rules.facet_rules["address"][0]
    assert counted.counts == {"failed"}, "an exclusion's rule is not counted"


def test_facets_count_what_rests_on_other_event_rules() -> None:
    rules = loaded(_BOTH, _HOSTED, _FAILED, correlation("many", "both"))

    assert [each.rule.name for each in rules.facet_rules["address"]] == ["many"]


def test_a_condition_that_names_what_is_not_on_the_event_is_one_on_habits() -> None:
    rules = loaded(_FAILED, rule("strange", "user.new_device"), rule("odd", "strange && failed"), rule("z", "odd"))

    assert [each.rule.name for each in rules.subject_rules if isinstance(each, HabitRule)] == ["strange", "odd", "z"]
    texts = {"a.yml": rule("h", "user.new_device") + "---\n" + rule("b", "h && as_number == 1"), "b.yml": DECISIONS}
    assert problems(texts)[0] == (
        "a.yml:13: b: condition, line 1, column 6: unknown name 'as_number' in a condition on the account's habits"
    )


def test_a_rule_that_is_off_does_not_hold() -> None:
    rules = loaded(_BOTH, _OTHER, _HOSTED, _FAILED, changes={"hosted": change("hosted", None)})

    assert _matched(rules, auth_outcome="failure", as_number=7) == {"failed", "another"}
    assert rules.refused == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\n---\n".join((rule("x", "y"), rule("y", "as_number == 1 || x"))), "a.yml:1: x: rules rest on each other"),
        (rule("a", "hosted && nothing"), "a.yml:6: a: condition, line 1, column 11: unknown name 'nothing'"),
        (rule("h", "user.new_device") + "---\n" + correlation("m", "h"), "cannot count h, found by the habit"),
        (
            rule("h", "user.new_device") + "---\n" + rule("b", "true") + "exclusions: [{name: x, condition: h}]\n",
            "a.yml:14: b: exclusion x, line 1, column 1: unknown name 'h'",
        ),
        (rule("tried", "true", status="shadow") + "---\n" + rule("b", "tried"), "b: it is live and rests on tried"),
        (
            rule("tried", "true", status="shadow")
            + "---\n"
            + rule("b", "true", REASON)
            + "exclusions: [{name: x, condition: tried}]\n",
            "b: it is live and an exclusion names tried, which is in shadow",
        ),
    ],
)
def test_a_problem_is_told_with_file_and_line(text: str, expected: str) -> None:
    found = problems({"a.yml": text, "b.yml": _HOSTED, "decisions.yml": DECISIONS})

    assert any(expected in each for each in found), "\n".join(found)


def test_what_is_asked_for_an_event_is_found_through_other_rules() -> None:
    """Rules are planned for each name of an event. None may be left out that can hold."""
    fails = rule("fails", "failed && is_disposable(email_domain)", BLOCK)
    either = rule("either", "fails || event_name == 'checkout'")
    rules = loaded(_FAILED, fails, either)

    assert _matched(rules, "checkout", auth_outcome="failure", email_domain="mailinator.com") == {"either"}
    assert _matched(rules, auth_outcome="failure", email_domain="mailinator.com") == {"failed", "fails", "either"}
