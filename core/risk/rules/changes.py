"""Reads control messages: changes of rules in the running job."""

from dataclasses import dataclass
from typing import Final

import msgspec

from contracts.security.rule_changes import MAX_RULE_BYTES, RuleChange
from core.risk.rules.documents import read_rule
from core.risk.rules.model import Rule, RuleProblem

_MAX_MESSAGE_BYTES: Final = 2 * MAX_RULE_BYTES
"""JSON may need two bytes for a character of the rule."""
_MAX_SHOWN: Final = 64
_read = msgspec.json.Decoder(RuleChange).decode


@dataclass(frozen=True, slots=True)
class Removal:
    """The change of this rule is taken back; the file's rule counts."""

    name: str


def read_change(key: bytes | None, value: bytes | None) -> RuleChange | Removal | RuleProblem:
    """Whether the rule fits the other rules shows only when it is loaded: :attr:`RuleSet.refused`."""
    try:
        name = (key or b"").decode()
    except UnicodeDecodeError:
        name = ""
    if not name:
        return RuleProblem("rules topic", 1, "the record's key is no rule's name")
    return _read_value(name, value) if value else Removal(name)


def _read_value(name: str, value: bytes) -> RuleChange | RuleProblem:
    file = f"change of {name[:_MAX_SHOWN]}"
    if len(value) > _MAX_MESSAGE_BYTES:
        return RuleProblem(file, 1, f"longer than {_MAX_MESSAGE_BYTES} bytes")
    try:
        change = _read(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return RuleProblem(file, 1, f"no change of a rule: {error}")
    if change.name != name:
        return RuleProblem(file, 1, f"the record's key is another name than its {change.name!r}")
    if change.rule is not None:
        return change if isinstance(read := read_rule(change), Rule) else read
    return change
