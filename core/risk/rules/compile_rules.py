"""Compiles rules whose relations are in order."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import get_args

from contracts.security.verdicts import Flow
from core.cel.compiled import Measured, compile_condition, measured
from core.cel.environment import Environment, NamedList
from core.cel.errors import CelError
from core.cel.event_names import event_names
from core.risk.observation import PLACE, SIMILAR_FIELDS
from core.risk.rules.dependencies import Known, counted_event_rules, problem
from core.risk.rules.environments import event_environment, habit_environment, window_environment
from core.risk.rules.facet_keys import Facet
from core.risk.rules.matching import EventRule, Holds, OtherExclusion
from core.risk.rules.model import Correlation, Rule, RuleProblem, Thresholds
from core.risk.rules.quarantine import Quarantine
from core.risk.rules.rule_set import (
    Compiled,
    HabitRule,
    SubjectRule,
    Window,
    WindowRule,
)


@dataclass(slots=True)
class _Found:
    rules: dict[str, Rule] = field(default_factory=dict)
    events: list[EventRule] = field(default_factory=list)
    event_names: dict[str, frozenset[str] | None] = field(default_factory=dict)
    """Event rule → names of the events of which it can hold; None: of any."""
    exclusions: list[OtherExclusion] = field(default_factory=list)
    facets: defaultdict[Facet, list[WindowRule]] = field(default_factory=lambda: defaultdict(list))
    subject: list[SubjectRule] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Means:
    """What conditions are compiled with."""

    event: Environment
    habits: Environment
    counted: Mapping[str, frozenset[str]]
    quarantine: Quarantine


def compile_rules(
    ordered: tuple[Known, ...],
    names: frozenset[str],
    thresholds: Mapping[Flow, Thresholds],
    lists: Mapping[str, NamedList],
    quarantine: Quarantine,
) -> Compiled | tuple[RuleProblem, ...]:
    """:param ordered: every rule after those it rests on.
    :param names: of all rules, also of those that are switched off. Conditions may name these; they never hold.
    """
    found = _Found()
    others = names - {each.rule.name for each in ordered if each.place != "event"}
    off = names - {each.rule.name for each in ordered}
    found.event_names.update(dict.fromkeys(off, frozenset()))
    counted = counted_event_rules(ordered)
    means = _Means(event_environment(others, lists), habit_environment(names, lists), counted, quarantine)
    problems: list[RuleProblem] = []
    for each in ordered:
        exclusions = _exclusions(each, means.event)
        wrong = [each for each in exclusions if isinstance(each, RuleProblem)]
        try:
            _add(each, tuple(each for each in exclusions if not isinstance(each, RuleProblem)), found, means)
        except CelError as error:
            problems.append(problem(each.rule, f"condition, {error}", each.rule.condition_line))
        problems += wrong
    if problems:
        return tuple(problems)
    return Compiled(
        rules=found.rules,
        thresholds=thresholds,
        event_rules=tuple(found.events),
        exclusions=tuple(found.exclusions),
        facet_rules={facet: tuple(found.facets[facet]) for facet in get_args(Facet) if found.facets[facet]},
        subject_rules=tuple(found.subject),
        counted=counted,
    )


def _add(each: Known, exclusions: tuple[Holds, ...], found: _Found, means: _Means) -> None:
    rule, condition = each.rule, each.condition
    if rule.correlation is not None:
        window_rule = _window_rule(each, rule.correlation, means.quarantine)
        rule = window_rule.rule
        if each.place in {"event", "habit", "subject"}:
            found.subject.append(window_rule)
        else:
            found.facets[each.place].append(window_rule)  # type: ignore[index]  # the rest are facets
    elif condition is not None and each.place == "habit":
        aim = measured(condition, means.habits)
        rule = _with_threshold(rule, aim)
        holds = means.quarantine.timed(rule.name, compile_condition(condition, means.habits))
        measure = None if aim is None else means.quarantine.measuring(rule.name, aim.measure)
        found.subject.append(HabitRule(rule, holds, measure))
    elif condition is not None:
        events = found.event_names[rule.name] = event_names(condition, found.event_names)
        found.events.append(EventRule(rule.name, compile_condition(condition, means.event), events, exclusions))
    found.rules[rule.name] = rule
    if each.place != "event":
        after = frozenset() if each.place == "habit" else means.counted[rule.name]
        found.exclusions += [OtherExclusion(rule.name, holds, after) for holds in exclusions]


def _exclusions(each: Known, environment: Environment) -> list[Holds | RuleProblem]:
    found: list[Holds | RuleProblem] = []
    for exclusion, condition in zip(each.rule.exclusions, each.exclusions, strict=True):
        try:
            found.append(compile_condition(condition, environment))
        except CelError as error:
            found.append(problem(each.rule, f"exclusion {exclusion.name}, {error}", exclusion.line))
    return found


def _window_rule(each: Known, correlation: Correlation, quarantine: Quarantine) -> WindowRule:
    aim: Measured | None = None
    holds: Callable[[Window], bool] = _always
    if each.condition is not None:
        environment = window_environment(frozenset(correlation.rules + correlation.context))
        aim = measured(each.condition, environment)
        holds = quarantine.timed(each.rule.name, compile_condition(each.condition, environment))
    return WindowRule(
        rule=_with_threshold(each.rule, aim),
        counts=frozenset(correlation.rules),
        places=tuple(PLACE[name] for name in correlation.group_by),
        is_similar=correlation.group_by[0] in SIMILAR_FIELDS,
        timespan_ms=correlation.timespan_ms,
        holds=holds,
        measure=quarantine.measuring(each.rule.name, _count if aim is None else aim.measure),
        context=frozenset(correlation.context),
    )


def _with_threshold(rule: Rule, aim: Measured | None) -> Rule:
    return rule if aim is None or rule.threshold is not None else replace(rule, threshold=aim.threshold)


def _always(_: Window) -> bool:
    """Of a temporal correlation: its rules' order is what holds."""
    return True


def _count(window: Window) -> float:
    return float(window.count())
