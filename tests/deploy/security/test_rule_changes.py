"""A change is checked as the job checks it, before anybody sends it."""

import pytest

from contracts.security.rule_changes import MAX_RULE_BYTES, RuleChange
from deploy.security.rule_changes import RefusedRule, change_of, switch_off
from deploy.security.rule_files import SHIPPED, RuleFilesError, read_rule_files
from tests.assurance.backtest.security_samples import RULES

FILES = {"rules.yml": RULES}
TOOL = next(text for text in RULES.split("---\n") if text.startswith("name: tool"))


def put(text: str, others: dict[str, RuleChange] | None = None) -> RuleChange:
    return change_of("mine.yml", text, FILES, others or {}, "me")


def test_a_rule_becomes_a_change_that_the_job_can_read() -> None:
    change = put(TOOL.replace("shadow", "live"))
    assert (change.name, change.changed_by) == ("tool", "me")
    assert change.rule is not None
    assert "status: live" in change.rule


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: tool\n", "mine.yml:1: "),
        (TOOL.replace("useragent ==", "no_field =="), "no_field"),
        (TOOL + "---\n" + TOOL, "it must be one rule and has 2"),
        (TOOL + "# " + "x" * MAX_RULE_BYTES, "longer than"),
        (": : :", "mine.yml:1"),
        ("decisions: {}", "mine.yml:1"),
    ],
)
def test_what_the_job_would_refuse_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(RefusedRule) as caught:
        put(text)
    assert message in str(caught.value)


def test_a_rule_that_others_count_cannot_be_replaced_by_one_that_does_not_fit() -> None:
    spoilt = TOOL.replace("name: tool", "name: other").replace(
        "condition: event_name == 'sign_in' && useragent == 'curl/8'", "condition: no_such_rule && travel.known"
    )
    with pytest.raises(RefusedRule, match="no_such_rule"):
        put(spoilt)


def test_a_change_may_rest_on_another_change() -> None:
    first = put(TOOL.replace("name: tool", "name: first"))
    rests = TOOL.replace("name: tool", "name: second").replace(
        "event_name == 'sign_in' && useragent == 'curl/8'", "first && travel.known"
    )
    assert put(rests, {"first": first}).name == "second"
    with pytest.raises(RefusedRule, match="first"):
        put(rests)


def test_switching_off() -> None:
    change = switch_off("tool", FILES, {}, "me")
    assert change.rule is None
    for name in ("no_such_rule", "No name at all"):
        with pytest.raises(RefusedRule):
            switch_off(name, FILES, {}, "me")


def test_the_shipped_files_are_read() -> None:
    files = read_rule_files(SHIPPED)
    assert {name.rpartition("/")[2] for name in files} >= {"decisions.yml", "take_over.yml"}
    with pytest.raises(RuleFilesError, match="nowhere: No such file"):
        read_rule_files(SHIPPED / "nowhere")
