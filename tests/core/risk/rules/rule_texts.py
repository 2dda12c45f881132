"""Rule files for tests, and the shipped ones."""

from collections.abc import Mapping

from contracts.security.rule_changes import SCHEMA, RuleChange
from core.risk.rules.load import load_rules
from core.risk.rules.model import RuleProblem
from core.risk.rules.quarantine import Budget
from core.risk.rules.rule_set import RuleSet
from deploy.paths import PROJECT
from tests.core.risk.rules.known_rules import known_rules

SHIPPED = {file.name: file.read_text(encoding="utf-8") for file in sorted((PROJECT / "deploy/rules").glob("*.yml"))}
DECISIONS = SHIPPED["decisions.yml"]
REASON = "level: high\nabuse_type: bot\nowasp: OAT-011\ndescription: Block it.\n"
BLOCK = "level: informational\n"


def rule(name: str, condition: str, more: str = BLOCK, *, status: str = "live") -> str:
    """A rule with a condition; ``more`` are further keys."""
    return f"name: {name}\ntitle: T\nversion: 1\nstatus: {status}\n{more}condition: {condition}\n"


def correlation(name: str, rules: str, more: str = BLOCK, *, group: str = "user_ipaddress", span: str = "15m") -> str:
    """A rule that needs two events."""
    body = (
        f"type: event_count\n  rules: [{rules}]\n  group-by: [{group}]\n  timespan: {span}\n  condition: {{gte: 2}}\n"
    )
    return f"name: {name}\ntitle: T\nversion: 1\nstatus: live\n{more}correlation:\n  {body}"


def change(name: str, text: str | None, at: int = 1) -> RuleChange:
    """Of a rule in the running job."""
    return RuleChange(schema=SCHEMA, name=name, rule=text, changed_tstamp=at)


def loaded(
    *rules: str, changes: Mapping[str, RuleChange | None] | None = None, budget: Budget | None = None
) -> RuleSet:
    """The rule set of these rules and the shipped thresholds."""
    text = "---\n".join(rules)
    files = {"a.yml": text, "decisions.yml": DECISIONS, "0.yml": known_rules(text)}
    found = load_rules(files, changes, budget or Budget())
    assert isinstance(found, RuleSet), "\n".join(map(str, found))
    return found


def problems(texts: Mapping[str, str]) -> list[str]:
    """What is wrong with the files, as ``file:line: …``. It is not that they lack what the program needs."""
    found = load_rules({**texts, "0.yml": known_rules("".join(texts.values()))})
    assert not isinstance(found, RuleSet)
    assert all(isinstance(each, RuleProblem) for each in found)
    return [str(each) for each in found]
