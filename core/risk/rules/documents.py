"""Reads rule files: YAML documents, each a rule, the thresholds (``decisions``) or ``lists``.

Conditions are compiled later.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast, get_args

from contracts.purposes.yaml_nodes import Node, NodeError, read_documents
from contracts.security.rule_changes import RuleChange
from contracts.security.verdicts import AbuseType, Flow, Mode
from core.cel.durations import duration_ms
from core.node_values import NUMBER, filled, matching, number, one_of, sentence, texts, words
from core.risk.observation import VALUE_FIELDS, ValueField
from core.risk.rules.lists import NAME, DeclaredList, read_lists
from core.risk.rules.model import (
    WEIGHTS,
    Correlation,
    CorrelationType,
    Exclusion,
    Rule,
    RuleProblem,
    Severity,
    Thresholds,
)

MAX_FILE_BYTES: Final = 1024 * 1024
MIN_TIMESPAN_MS: Final = 1_000
MAX_TIMESPAN_MS: Final = 90 * 86_400_000
_RULE_KEYS: Final = (
    *("name", "title", "version", "status", "level", "weight", "abuse_type", "owasp", "description", "words", "flows"),
    *("condition", "correlation", "exclusions", "threshold", "references"),
)
_OWASP: Final = re.compile(r"OAT-0[0-9]{2}", re.ASCII)
_OPERATORS: Final = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "eq": "==", "neq": "!="}


@dataclass(frozen=True, slots=True)
class Documents:
    rules: tuple[Rule, ...] = ()
    lists: tuple[DeclaredList, ...] = ()
    thresholds: tuple[tuple[Flow, Thresholds, RuleProblem], ...] = ()
    """The problem is what to say where the flow has thresholds already."""
    problems: tuple[RuleProblem, ...] = ()


def read_text(file: str, text: str, *, rules_only: bool = False) -> Documents:
    """The first problem of each document is told.

    :param rules_only: a change of a rule has neither thresholds nor lists.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MAX_FILE_BYTES:
        return Documents(problems=(RuleProblem(file, 1, f"longer than {MAX_FILE_BYTES} bytes"),))
    try:
        nodes = read_documents(text, Path(file))
    except NodeError as error:
        return Documents(problems=(RuleProblem(file, error.line, error.reason),))
    rules: list[Rule] = []
    lists: list[DeclaredList] = []
    thresholds: list[tuple[Flow, Thresholds, RuleProblem]] = []
    problems: list[RuleProblem] = []
    for node in nodes:
        try:
            keys = {name for _, name, _ in node.pairs("a rule")}
            if "decisions" in keys and not rules_only:
                thresholds += _decisions(node, file)
            elif "lists" in keys and not rules_only:
                lists += read_lists(node, file)
            else:
                rules.append(_rule(node, file))
        except NodeError as error:
            problems.append(RuleProblem(file, error.line, error.reason))
    return Documents(tuple(rules), tuple(lists), tuple(thresholds), tuple(problems))


def read_rule(change: RuleChange) -> Rule | RuleProblem:
    """The rule of a control message. The message's ``rule`` must be there.

    The problem is that the text is not one rule of the message's name.
    """
    file = f"change of {change.name}"
    found = read_text(file, change.rule or "", rules_only=True)
    if found.problems:
        return found.problems[0]
    if len(found.rules) != 1:
        return RuleProblem(file, 1, f"it must be one rule and has {len(found.rules)}")
    rule = found.rules[0]
    return rule if rule.name == change.name else RuleProblem(file, rule.line, f"it names the rule {rule.name!r}")


def _rule(node: Node, file: str) -> Rule:
    parts = node.members("a rule", known=_RULE_KEYS, required=("name", "title", "version", "status", "level"))
    if ("condition" in parts) == ("correlation" in parts):
        raise node.error("a rule has either a condition or a correlation")
    severity = cast(Severity, one_of(parts["level"], "level", get_args(Severity)))
    is_reason = severity != "informational"
    for key in ("description", "abuse_type", "owasp") if is_reason else ():
        if key not in parts:
            raise node.error(f"a rule that can be a reason needs {key}; only a building block (informational) has none")
    if not is_reason and "weight" in parts:
        raise parts["weight"].error("a building block (informational) has no weight")
    return Rule(
        name=matching(parts["name"], "a rule's name", NAME),
        title=sentence(parts["title"], "title"),
        description=sentence(parts["description"], "description", 2_000) if "description" in parts else "",
        words=words(parts["words"]) if "words" in parts else "",
        version=int(number(parts["version"], "version", 1, 1_000_000, whole=True)),
        mode=cast(Mode, one_of(parts["status"], "status", get_args(Mode))),
        severity=severity,
        weight=number(parts["weight"], "weight", 0, 1) if "weight" in parts else WEIGHTS[severity],
        abuse_type=cast(AbuseType, one_of(parts["abuse_type"], "abuse_type", get_args(AbuseType)))
        if "abuse_type" in parts
        else None,
        owasp=matching(parts["owasp"], "owasp", _OWASP) if "owasp" in parts else None,
        flows=_flows(parts["flows"]) if "flows" in parts else frozenset(get_args(Flow)),
        condition=parts["condition"].text("condition") if "condition" in parts else "",
        correlation=_correlation(parts["correlation"]) if "correlation" in parts else None,
        exclusions=_exclusions(parts["exclusions"]) if "exclusions" in parts else (),
        threshold=number(parts["threshold"], "threshold", 0, 1e12) if "threshold" in parts else None,
        references=texts(parts["references"], "references") if "references" in parts else (),
        file=file,
        line=node.line,
        condition_line=_condition_line(parts),
    )


def _condition_line(parts: Mapping[str, Node]) -> int:
    """Of a rule that has been read."""
    if "correlation" in parts:
        parts = {name: value for _, name, value in parts["correlation"].pairs("a correlation")}
    return parts["condition"].line if "condition" in parts else 0


def _correlation(node: Node) -> Correlation:
    known = ("type", "rules", "context", "group-by", "timespan", "condition")
    parts = node.members("a correlation", known=known, required=("type", "rules", "group-by", "timespan"))
    kind = cast(CorrelationType, one_of(parts["type"], "type", get_args(CorrelationType)))
    timespan = duration_ms(parts["timespan"].text("timespan"))
    if timespan is None or not MIN_TIMESPAN_MS <= timespan <= MAX_TIMESPAN_MS:
        raise parts["timespan"].error("timespan must be 1s to 90d, such as 15m")
    is_temporal = kind in {"temporal", "temporal_ordered"}
    if is_temporal == ("condition" in parts):
        raise node.error(f"a correlation of type {kind} {'has no' if is_temporal else 'needs a'} condition")
    rules = texts(parts["rules"], "rules")
    if is_temporal and len(rules) < 2:
        raise parts["rules"].error(f"{kind} needs two rules")
    context = texts(parts["context"], "context") if "context" in parts else ()
    if is_temporal and context:
        raise parts["context"].error(f"a correlation of type {kind} has no condition, and context is for the condition")
    if both := sorted({*rules} & {*context}):
        raise parts["context"].error(f"{both[0]} is in rules already")
    return Correlation(
        type=kind,
        rules=rules,
        group_by=tuple(
            cast(ValueField, one_of(item, "group-by", VALUE_FIELDS)) for item in filled(parts["group-by"], "group-by")
        ),
        timespan_ms=timespan,
        context=context,
        condition="" if is_temporal else _window_condition(parts["condition"], kind),
    )


def _window_condition(node: Node, kind: CorrelationType) -> str:
    """CEL, also of Sigma's form: ``{gte: 25}``, ``{field: user_id, gte: 15}``."""
    if not node.is_mapping():
        return node.text("condition")
    measured = "count()"
    terms: list[str] = []
    field = None
    for key, name, value in node.pairs("condition"):
        if name == "field":
            field = one_of(value, "field", VALUE_FIELDS)
        elif name in _OPERATORS:
            terms.append(f"{_OPERATORS[name]} {matching(value, name, NUMBER)}")
        else:
            raise key.error(f"unknown key {name!r} of condition; known are field, {', '.join(_OPERATORS)}")
    if (field is None) == (kind == "value_count"):
        raise node.error("value_count needs a field, and only value_count has one")
    if field is not None:
        measured = f"distinct('{field}')"
    if not terms:
        raise node.error(f"condition has no limit; possible are {', '.join(_OPERATORS)}")
    return " && ".join(f"{measured} {term}" for term in terms)


def _decisions(node: Node, file: str) -> list[tuple[Flow, Thresholds, RuleProblem]]:
    found: list[tuple[Flow, Thresholds, RuleProblem]] = []
    decisions = node.members("the thresholds", known=("decisions",), required=("decisions",))["decisions"]
    for key, name, value in decisions.pairs("decisions"):
        if name not in get_args(Flow):
            raise key.error(f"unknown flow {name!r}; known are {', '.join(get_args(Flow))}")
        keys = ("challenge", "deny", "challenge_rate")
        parts = value.members(name, known=keys, required=keys)
        challenge, deny, rate = (number(parts[each], each, 0, 1) for each in keys)
        if not 0 < challenge <= deny:
            raise value.error("challenge must be above 0 and not above deny")
        twice = RuleProblem(file, key.line, f"the flow {name} has thresholds already")
        found.append((cast(Flow, name), Thresholds(challenge=challenge, deny=deny, challenge_rate=rate), twice))
    return found


def _exclusions(node: Node) -> tuple[Exclusion, ...]:
    found: list[Exclusion] = []
    for item in filled(node, "exclusions"):
        parts = item.members("an exclusion", known=("name", "condition"), required=("name", "condition"))
        name = matching(parts["name"], "an exclusion's name", NAME)
        if any(other.name == name for other in found):
            raise item.error(f"two exclusions are named {name!r}")
        found.append(Exclusion(name=name, condition=parts["condition"].text("condition"), line=parts["condition"].line))
    return tuple(found)


def _flows(node: Node) -> frozenset[Flow]:
    return frozenset(cast(Flow, one_of(item, "a flow", get_args(Flow))) for item in filled(node, "flows"))
