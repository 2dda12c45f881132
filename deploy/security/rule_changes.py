"""A change of a rule, checked with the rule files and the changes in effect before it is sent."""

import time
from collections.abc import Mapping

import msgspec

from common.kafka.topic_reader import read_whole
from contracts.fixed_topics import RULES
from contracts.security.rule_changes import MAX_RULE_BYTES, SCHEMA, RuleChange
from core.risk.rules.changes import Removal, read_change
from core.risk.rules.documents import read_text
from core.risk.rules.load import load_rules
from core.risk.rules.model import RuleProblem


class RefusedRule(Exception):
    """The job would refuse the change. One line for each problem, with file and line."""


def changes_in_effect(bootstrap: str) -> dict[str, RuleChange]:
    """Rule → its newest change in the topic. What the job refuses to read is left out, as the job does.

    :raises common.kafka.topic_reader.TopicUnavailable: if the topic cannot be read.
    """
    found: dict[str, RuleChange] = {}
    for message in read_whole(bootstrap, [RULES.name], isolation="read_committed"):
        change = read_change(message.key(), message.value())
        if isinstance(change, Removal):
            found.pop(change.name, None)
        elif isinstance(change, RuleChange):
            found[change.name] = change
    return found


def change_of(
    file: str, text: str, files: Mapping[str, str], others: Mapping[str, RuleChange], changed_by: str
) -> RuleChange:
    """The change that puts one rule into effect.

    :param file: name of the rule's file, for messages.
    :param files: the rule files that the job has.
    :param others: the changes in effect.
    :raises RefusedRule: for everything that the job would refuse.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MAX_RULE_BYTES:
        raise RefusedRule(f"{file}:1: longer than {MAX_RULE_BYTES} bytes")
    read = read_text(file, text, rules_only=True)
    if read.problems:
        raise RefusedRule("\n".join(map(str, read.problems)))
    if len(read.rules) != 1:
        raise RefusedRule(f"{file}:1: it must be one rule and has {len(read.rules)}")
    return checked(_change(read.rules[0].name, text, changed_by), files, others)


def switch_off(name: str, files: Mapping[str, str], others: Mapping[str, RuleChange], changed_by: str) -> RuleChange:
    """The change that switches a rule off.

    :raises RefusedRule: for everything that the job would refuse, such as the name of no rule.
    """
    try:
        change = _change(name, None, changed_by)
        change = msgspec.convert(msgspec.to_builtins(change), RuleChange)
    except msgspec.ValidationError as error:
        raise RefusedRule(f"{name!r} is no rule's name: {error}") from error
    loaded = load_rules(files, others)
    if not isinstance(loaded, tuple) and name not in loaded.rules:
        raise RefusedRule(f"there is no rule {name}")
    return checked(change, files, others)


def checked(change: RuleChange, files: Mapping[str, str], others: Mapping[str, RuleChange]) -> RuleChange:
    """:raises RefusedRule: if the rule set with the change is wrong."""
    loaded = load_rules(files, {**others, change.name: change})
    problems: tuple[RuleProblem, ...] = loaded if isinstance(loaded, tuple) else loaded.refused.get(change.name, ())
    if problems:
        raise RefusedRule("\n".join(map(str, problems)))
    return change


def _change(name: str, rule: str | None, changed_by: str) -> RuleChange:
    now = time.time_ns() // 1_000_000
    return RuleChange(schema=SCHEMA, name=name, rule=rule, changed_tstamp=now, changed_by=changed_by)
