"""Rule files: what is refused, with file and line, and what the rule set has."""

import subprocess
import sys

import pytest

from core.risk.rules.documents import MAX_FILE_BYTES
from core.risk.rules.known_names import KNOWN_NAMES
from core.risk.rules.model import WEIGHTS
from core.risk.rules.rule_set import HabitRule, WindowRule
from tests.core.risk.rules.rule_texts import (
    BLOCK,
    DECISIONS,
    REASON,
    SHIPPED,
    correlation,
    loaded,
    problems,
    rule,
)

_FAILED = rule("failed", "event_name == 'sign_in' && auth_outcome == 'failure'")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name: a\nnmae: b\n", "a.yml:2: unknown key 'nmae' of a rule"),
        ("name: a\n", "a.yml:1: a rule has no title"),
        (rule("a", "has(user_id)") + "version: 2\n", "a.yml:7: a rule: 'version' is there twice"),
        (rule("A", "has(user_id)"), "a.yml:1: a rule's name is 'A'"),
        (rule("a", "has(user_id)", status="on"), "a.yml:4: status is 'on'; known are live, shadow"),
        (rule("a", "has(user_id)", "level: high\n"), "a.yml:1: a rule that can be a reason needs description"),
        (rule("a", "has(user_id)", "level: high\ndescription: d\n"), "needs abuse_type"),
        (rule("a", "has(user_id)", "level: high\ndescription: d\nabuse_type: bot\n"), "needs owasp"),
        (rule("a", "has(user_id)", REASON + "weight: 1.5\n"), "a.yml:9: weight must be a number from 0 to 1"),
        (rule("a", "has(user_id)", BLOCK + "weight: 0.5\n"), "a.yml:6: a building block (informational) has no weight"),
        (rule("a", "has(user_id)", REASON + "owasp: OAT-008\n"), "'owasp' is there twice"),
        (rule("a", "has(user_id)", REASON + "flows: [buy]\n"), "a.yml:9: a flow is 'buy'"),
        (rule("a", "has(user_id)", REASON + "flows: []\n"), "a.yml:9: flows is empty"),
        (rule("a", "has(user_id)", REASON + 'words: "{user}"\n'), "a.yml:9: words may have {value} and {threshold}"),
        (rule("a", "has(user_id)") + correlation("b", "a").partition("informational\n")[2], "either a condition or"),
        (
            rule("a", "has(user_id)") + "exclusions:\n  - name: x\n    condition: user_id >\n",
            "a.yml:9: a: condition, line",
        ),
        (rule("a", "has(user_id)") + "exclusions:\n  - name: x\n    condition: a\n", "in a circle: a → a"),
        (rule("a", "has(user_id)") + "exclusions:\n  - name: x\n    condition: b\n", "a.yml:9: a: exclusion x, line 1"),
        (rule("a", "user_id = 1"), "a.yml:6: a: condition, line 1, column 9: write =="),
        (rule("a", "usr_id == 'x'"), "a.yml:6: a: condition, line 1, column 1: unknown name 'usr_id'"),
        (rule("a", "travel.sped > 1.0"), "a.yml:6: a: condition, line 1, column 1: unknown name 'travel.sped'"),
        (rule("a", "a"), "a.yml:1: a: rules rest on each other in a circle: a → a"),
        (rule("user_id", "has(user_id)"), "a.yml:1: user_id: a field has this name"),
        (rule("a", "b") + "---\n" + rule("b", "a"), "in a circle: "),
        (rule("a", "has(user_id)") + "---\n" + rule("a", "true"), "a.yml:8: a: is in a.yml, line 1, already"),
        (correlation("a", "nobody"), "a.yml:1: a: there is no rule 'nobody'"),
        (correlation("a", "a"), "in a circle: a → a"),
        (correlation("a", "a, a"), "a.yml:8: rules names one twice"),
        (_FAILED + "---\n" + correlation("a", "failed", span="25h"), "timespan is at most 24h for a group by user_ip"),
        (_FAILED + "---\n" + correlation("a", "failed", span="91d"), "a.yml:17: timespan must be 1s to 90d"),
        (_FAILED + "---\n" + correlation("a", "failed", span="soon"), "a.yml:17: timespan must be 1s to 90d"),
        (_FAILED + "---\n" + correlation("a", "failed", group="geo_country"), "group-by cannot begin with geo_country"),
        (_FAILED + "---\n" + correlation("a", "failed", group="useragent"), "a.yml:16: group-by is 'useragent'"),
        (
            _FAILED + "---\n" + correlation("a", "failed", group="user_id") + "---\n" + correlation("b", "a"),
            "b: it is found by the address and cannot count a, found by the subject",
        ),
        (
            _FAILED + "---\n" + correlation("a", "failed", group="device_id") + "---\n" + correlation("b", "a"),
            "b: it is found by the address and cannot count a, found by the device",
        ),
        (rule("h", "user.new_device") + "---\n" + correlation("b", "h"), "cannot count h, found by the habit"),
        (rule("a", "has(user_id)", status="shadow") + "---\n" + correlation("b", "a"), "b: it is live and rests on a"),
        (
            _FAILED + "---\n" + correlation("a", "failed").replace("{gte: 2}", "{ge: 2}"),
            "unknown key 'ge' of condition",
        ),
        (_FAILED + "---\n" + correlation("a", "failed").replace("{gte: 2}", "{}"), "condition has no limit"),
        (
            _FAILED + "---\n" + correlation("a", "failed").replace("{gte: 2}", "{field: user_id, gte: 2}"),
            "only value_c",
        ),
        (
            _FAILED + "---\n" + correlation("a", "failed").replace("{gte: 2}", "distinct('price') > 1"),
            "possible are as_",
        ),
        (_FAILED + "---\n" + correlation("a", "failed").replace("{gte: 2}", "count('b') > 1"), "possible are failed"),
        (
            _FAILED + "---\n" + correlation("a", "failed").replace("{gte: 2}", "user_id == 'x'"),
            "unknown name 'user_id'",
        ),
        (
            _FAILED + "---\n" + correlation("a", "failed").replace("event_count", "temporal"),
            "temporal has no condition",
        ),
        (_FAILED + "---\n" + correlation("a", "failed").replace("  condition: {gte: 2}\n", ""), "needs a condition"),
        ("name: &x a\ntitle: *x\n", "a.yml:2: aliases (*name) are not possible"),
        ("a: [&x 1, *x]\n", "a.yml:1: aliases"),
        ("name: [\n", "a.yml:2: not YAML"),
        ("name: \x07", "a.yml:1: not YAML"),
        ("[" * 5_000 + "]" * 5_000, "a.yml:1: nested deeper than 20 levels"),
        ("- 1", "a.yml:1: a rule must have keys and values"),
        ("#" * (MAX_FILE_BYTES + 1), "a.yml:1: longer than 1048576 bytes"),
        (
            "decisions: {sign_in: {challenge: 0.9, deny: 0.5, challenge_rate: 0}}",
            "challenge must be above 0 and not above",
        ),
        ("decisions: {sign_in: {challenge: 0, deny: 0.5, challenge_rate: 0}}", "challenge must be above 0"),
        ("decisions: {sign_in: {challenge: 0.5, deny: 0.5}}", "sign_in has no challenge_rate"),
        ("decisions: {buy: {challenge: 0.5, deny: 0.5, challenge_rate: 0}}", "a.yml:1: unknown flow 'buy'"),
        (DECISIONS, "decisions.yml:9: the flow sign_in has thresholds already"),
    ],
)
def test_a_problem_is_told_with_file_and_line(text: str, expected: str) -> None:
    found = problems({"a.yml": text, "decisions.yml": DECISIONS})

    assert any(expected in each for each in found), "\n".join(found)


def test_every_problem_is_told() -> None:
    text = f"{rule('a', 'nobody > 1')}---\n{correlation('c', 'd')}---\n{rule('b', '1 +')}"
    texts = {"a.yml": text, "decisions.yml": DECISIONS}

    assert [each.split(": ")[:2] for each in problems(texts)] == [
        ["a.yml:6", "a"],
        ["a.yml:8", "c"],
        ["a.yml:25", "b"],
    ]


def test_every_flow_needs_thresholds() -> None:
    text = "decisions: {sign_in: {challenge: 0.5, deny: 0.5, challenge_rate: 0}}"

    assert len(problems({"a.yml": text})) == 5
    assert "a.yml:1: no file has decisions for the flow checkout" in problems({"a.yml": text})
    assert len(problems({})) == 6


def test_what_a_rule_set_has() -> None:
    rules = loaded(
        _FAILED,
        correlation("many", "failed", REASON + "weight: 0.8\n"),
        correlation("more", "many, failed", REASON),
        correlation("own", "many", group="user_id, user_ipaddress", span="90d"),
        rule("odd", "own && travel.speed_kmh > 900.0", REASON),
    )

    assert [each.rule.name for each in rules.facet_rules["address"]] == ["many", "more"]
    assert [(type(each), each.rule.name) for each in rules.subject_rules] == [(WindowRule, "own"), (HabitRule, "odd")]
    own = {name: each for name, each in rules.rules.items() if name not in KNOWN_NAMES}
    assert {name: each.weight for name, each in own.items()} == {
        **{"failed": 0.0, "many": 0.8, "more": WEIGHTS["high"], "own": 0.0, "odd": WEIGHTS["high"]}
    }
    assert {name: each.threshold for name, each in own.items()} == {
        **{"failed": None, "many": 2, "more": 2, "own": 2, "odd": 900}
    }
    odd = rules.subject_rules[1]
    assert isinstance(odd, HabitRule)
    assert odd.measure is not None
    assert odd.holds({"own": True, "travel.speed_kmh": 901.0}) is True
    assert odd.holds({"own": True, "travel.speed_kmh": 900.0}) is False
    assert odd.holds({"own": True, "travel.speed_kmh": None}) is False
    assert odd.holds({"travel.speed_kmh": 901.0}) is False, "a rule that the mapping lacks does not hold"
    assert odd.measure({"travel.speed_kmh": 901.0}) == 901.0
    assert odd.measure({"travel.speed_kmh": None}) is None


def test_the_version_is_of_the_content_and_not_of_the_files() -> None:
    first = loaded(_FAILED, rule("a", "has(user_id)"))

    assert len(first.version) == 12
    assert loaded(rule("a", "has(user_id)"), "# a comment\n" + _FAILED).version == first.version
    assert loaded(_FAILED, rule("a", "has(device_id)")).version != first.version


@pytest.mark.slow
def test_the_version_is_the_same_in_every_process() -> None:
    script = (
        "from tests.core.risk.rules.rule_texts import SHIPPED\nfrom core.risk.rules.load import load_rules\n"
        "print(load_rules(SHIPPED).version)"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(found) == 1
    assert SHIPPED
