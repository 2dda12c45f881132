"""Rule files, and changes of rules in the running job, to a rule set."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b
from typing import TypeAlias, get_args

import msgspec

from contracts.security.rule_changes import RuleChange
from contracts.security.verdicts import Flow
from core.risk.rules.compile_rules import compile_rules
from core.risk.rules.dependencies import Known, in_order, placed, problems_of, read_known
from core.risk.rules.documents import read_rule, read_text
from core.risk.rules.environments import EVENT
from core.risk.rules.known_names import missing
from core.risk.rules.lists import DeclaredList, repeated
from core.risk.rules.model import Rule, RuleProblem, Thresholds
from core.risk.rules.quarantine import Budget, Quarantine
from core.risk.rules.rule_set import RuleSet

Problems: TypeAlias = tuple[RuleProblem, ...]
_DEFAULT_BUDGET = Budget()
_NAMED_SO = "a rule or a field has this name"


def load_rules(
    texts: Mapping[str, str],
    changes: Mapping[str, RuleChange | None] | None = None,
    budget: Budget = _DEFAULT_BUDGET,
    number: int = 0,
) -> RuleSet | Problems:
    """Every problem of the files is told, with file and line; then there is no rule set. A change that is wrong, or
    with which another rule would be, is refused alone: :attr:`RuleSet.refused`. So the result depends on the files and
    the newest change of each rule, and not on the order in which changes arrived.

    :param texts: file name → its text.
    :param changes: rule → its newest change; None: taken back, so the file's rule counts.
    :param number: :attr:`RuleSet.number`.
    """
    rules: list[Rule] = []
    lists: list[DeclaredList] = []
    problems: list[RuleProblem] = []
    thresholds: dict[Flow, Thresholds] = {}
    for file, text in sorted(texts.items()):
        found = read_text(file, text)
        problems += found.problems
        for flow, values, twice in found.thresholds:
            if flow in thresholds:
                problems.append(twice)
            thresholds[flow] = values
        rules += found.rules
        lists += found.lists
    problems += (*_twice(rules), *repeated(lists))
    last = max(texts, default="")
    problems += [
        RuleProblem(last, 1, f"no file has decisions for the flow {flow}")
        for flow in get_args(Flow)
        if flow not in thresholds and not problems
    ]
    if problems:
        return tuple(sorted(problems, key=lambda each: (each.file, each.line)))
    given = _Given(thresholds, lists, budget, number, last)
    loaded = _build({rule.name: rule for rule in rules}, frozenset(), given, {})
    return loaded if isinstance(loaded, tuple) or not changes else _changed(loaded, changes, given)


@dataclass(frozen=True, slots=True)
class _Given:
    """What changes of rules leave as it is."""

    thresholds: Mapping[Flow, Thresholds]
    lists: Sequence[DeclaredList]
    budget: Budget
    number: int
    last_file: str


def _twice(rules: Iterable[Rule]) -> list[RuleProblem]:
    first: dict[str, Rule] = {}
    found: list[RuleProblem] = []
    for rule in rules:
        other = first.setdefault(rule.name, rule)
        if other is not rule:
            found.append(
                RuleProblem(rule.file, rule.line, f"{rule.name}: is in {other.file}, line {other.line}, already")
            )
    return found


def _changed(loaded: RuleSet, changes: Mapping[str, RuleChange | None], given: _Given) -> RuleSet:
    """Applies the changes one by one, the oldest first, and again those that may have needed a later one."""
    waiting = sorted(filter(None, changes.values()), key=lambda change: (change.changed_tstamp, change.name))
    rules, off = dict(loaded.rules), frozenset[str]()
    refused: dict[str, Problems] = {}
    is_progress = True
    while waiting and is_progress:
        is_progress, later = False, []
        for change in waiting:
            read = read_rule(change) if change.rule is not None else None
            if isinstance(read, RuleProblem):
                refused[change.name] = (read,)
                continue
            tried = {name: rule for name, rule in rules.items() if name != change.name}
            tried_off = off - {change.name}
            if read is None:
                tried_off |= {change.name}
            else:
                tried[change.name] = read
            attempt = _build(tried, tried_off, given, {})
            if isinstance(attempt, tuple):
                refused[change.name] = attempt
                later.append(change)
            else:
                rules, off, is_progress = tried, tried_off, True
                refused.pop(change.name, None)
        waiting = later
    built = _build(rules, off, given, refused)
    return loaded if isinstance(built, tuple) else built


def _build(
    rules: Mapping[str, Rule],
    off: frozenset[str],
    given: _Given,
    refused: Mapping[str, Problems],
) -> RuleSet | Problems:
    known: dict[str, Known] = {}
    problems: list[RuleProblem] = []
    names = frozenset(rules) | off
    for name, rule in sorted(rules.items()):
        read = read_known(rule, names)
        if isinstance(read, RuleProblem):
            problems.append(read)
        else:
            known[name] = read
    known = placed(known)
    problems += problems_of(known, names)
    on_event = frozenset(name for name, each in known.items() if each.place == "event")
    problems += missing({name: rule for name, rule in rules.items() if name in known}, on_event, given.last_file)
    problems += [each.problem(_NAMED_SO) for each in given.lists if each.name in names | EVENT.variables.keys()]
    ordered = in_order(known)
    if isinstance(ordered, RuleProblem):
        problems.append(ordered)
    else:
        quarantine = Quarantine(given.budget)
        lists = {each.name: each.content for each in given.lists}
        compiled = compile_rules(ordered, names, given.thresholds, lists, quarantine)
        if isinstance(compiled, tuple):
            problems += compiled
        elif not problems:
            version = _version(compiled.rules.values(), off, given)
            return RuleSet(compiled, version=version, quarantine=quarantine, refused=refused, number=given.number)
    return tuple(sorted(problems, key=lambda each: (each.file, each.line)))


def _version(rules: Iterable[Rule], off: frozenset[str], given: _Given) -> str:
    """12 hexadecimal digits. Where a rule or a list stands does not count, nor the order of a list's values."""
    content = (
        [asdict(_without_place(rule)) for rule in sorted(rules, key=lambda rule: rule.name)],
        sorted(off),
        {flow: asdict(values) for flow, values in sorted(given.thresholds.items())},
        {each.name: sorted(map(str, each.content.values)) for each in given.lists},
    )
    encoded = msgspec.json.encode(content, order="deterministic")
    return blake2b(encoded, digest_size=6).hexdigest()


def _without_place(rule: Rule) -> Rule:
    exclusions = tuple(replace(exclusion, line=0) for exclusion in rule.exclusions)
    return replace(rule, file="", line=0, condition_line=0, exclusions=exclusions)
