"""Which rule rests on which, and whose log finds it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from typing import Final, Literal, TypeAlias

from core.cel.errors import CelError
from core.cel.parser import parse
from core.cel.tree import Call, Constant, Node, names_in, walk
from core.risk.rules.environments import EVENT, HABIT_TYPES, is_habit
from core.risk.rules.facet_keys import FACET_OF, SUBJECT_FIELDS, Facet
from core.risk.rules.model import Rule, RuleProblem

MAX_FACET_TIMESPAN_MS: Final = 24 * 3_600_000
Place: TypeAlias = Facet | Literal["event", "habit", "subject"]
"""event, habit: a condition over the event or over the account's habits. Else whose log finds the correlation."""


@dataclass(frozen=True, slots=True)
class Known:
    """A rule with its condition parsed."""

    rule: Rule
    place: Place
    condition: Node | None
    """None: a temporal correlation."""
    exclusions: tuple[Node, ...]
    rests_on: tuple[str, ...]
    """Names of the rules that the condition names or the correlation has, some of which may not exist."""
    excluded_by: tuple[str, ...] = ()
    """Names of the rules that its exclusions name."""


def read_known(rule: Rule, names: frozenset[str]) -> Known | RuleProblem:
    """:param names: of all rules."""
    line = rule.condition_line
    try:
        text = rule.condition if rule.correlation is None else rule.correlation.condition
        condition = parse(text) if text else None
        exclusions: list[Node] = []
        for exclusion in rule.exclusions:
            line = exclusion.line
            exclusions.append(parse(exclusion.condition))
    except CelError as error:
        return problem(rule, f"condition, {error}", line)
    excluded_by = tuple(sorted(frozenset().union(*map(names_in, exclusions)) & names))
    if rule.correlation is not None:
        counted = rule.correlation.rules + rule.correlation.context
        return Known(rule, _log_of(rule), condition, tuple(exclusions), counted, excluded_by)
    read = frozenset() if condition is None else names_in(condition)
    place: Place = "habit" if any(map(is_habit, read)) else "event"
    return Known(rule, place, condition, tuple(exclusions), tuple(sorted(read & names)), excluded_by)


def placed(known: Mapping[str, Known]) -> dict[str, Known]:
    """A condition that names a rule which is not on the event is one on habits."""
    found = dict(known)
    while moved := [each for each in found.values() if each.place == "event" and _names_other(each, found)]:
        found |= {each.rule.name: replace(each, place="habit") for each in moved}
    return found


def _names_other(each: Known, known: Mapping[str, Known]) -> bool:
    return any(name in known and known[name].place != "event" for name in each.rests_on)


def problem(rule: Rule, message: str, line: int | None = None) -> RuleProblem:
    """:param line: None: where the rule begins."""
    return RuleProblem(rule.file, line or rule.line, f"{rule.name}: {message}")


def _log_of(rule: Rule) -> Place:
    first = rule.correlation.group_by[0] if rule.correlation else "user_id"
    return FACET_OF.get(first, "subject")


def problems_of(known: Mapping[str, Known], names: frozenset[str]) -> list[RuleProblem]:
    """What is wrong with the rules among each other.

    :param names: of all rules, also of those that are switched off or wrong; others may rest on them.
    """
    found: list[RuleProblem] = []
    for each in known.values():
        rule, correlation = each.rule, each.rule.correlation
        if rule.name in EVENT.variables or rule.name in HABIT_TYPES:
            found.append(problem(rule, "a field has this name"))
        if correlation is not None:
            first = correlation.group_by[0]
            if first not in FACET_OF and first not in SUBJECT_FIELDS:
                found.append(problem(rule, f"group-by cannot begin with {first}; put user_id before it"))
            if each.place != "subject" and correlation.timespan_ms > MAX_FACET_TIMESPAN_MS:
                found.append(problem(rule, f"timespan is at most 24h for a group by {first}"))
            asked = {argument.value for argument in _arguments(each.condition)}
            found += [
                problem(rule, f"the condition does not ask about {name}, so it need not be in context")
                for name in correlation.context
                if name not in asked
            ]
        for name in each.rests_on:
            found += _about_base(each, name, known, names)
        found += [
            problem(rule, f"it is live and an exclusion names {name}, which is in shadow")
            for name in each.excluded_by
            if rule.mode == "live" and name in known and known[name].rule.mode == "shadow"
        ]
    return found


def _arguments(condition: Node | None) -> Iterable[Constant]:
    """Of all functions."""
    calls = (each for each in walk(condition) if isinstance(each, Call)) if condition is not None else ()
    return (argument for call in calls for argument in call.arguments if isinstance(argument, Constant))


def _about_base(each: Known, name: str, known: Mapping[str, Known], names: frozenset[str]) -> Iterable[RuleProblem]:
    base = known.get(name)
    if base is None:
        if name not in names:
            yield problem(each.rule, f"there is no rule {name!r}")
        return
    if each.place not in {"habit", "subject"} and base.place not in {"event", each.place}:
        yield problem(each.rule, f"it is found by the {each.place} and cannot count {name}, found by the {base.place}")
    if each.rule.mode == "live" and base.rule.mode == "shadow":
        yield problem(each.rule, f"it is live and rests on {name}, which is in shadow")


def in_order(known: Mapping[str, Known]) -> tuple[Known, ...] | RuleProblem:
    """Every rule after those it rests on, otherwise in the order of their names. The problem is a circle."""
    sorter = TopologicalSorter(
        {
            name: [base for base in (*known[name].rests_on, *known[name].excluded_by) if base in known]
            for name in sorted(known)
        }
    )
    try:
        return tuple(known[name] for name in sorter.static_order())
    except CycleError as error:
        circle: list[str] = error.args[1]
        return problem(known[min(circle)].rule, f"rules rest on each other in a circle: {' → '.join(circle)}")


def counted_event_rules(ordered: Iterable[Known]) -> dict[str, frozenset[str]]:
    """Rule → the event rules that it rests on, also through others; an event rule's is itself."""
    found: dict[str, frozenset[str]] = {}
    for each in ordered:
        bases = frozenset().union(*(found.get(name, frozenset()) for name in each.rests_on))
        found[each.rule.name] = frozenset({each.rule.name}) if each.place == "event" else bases
    return found
