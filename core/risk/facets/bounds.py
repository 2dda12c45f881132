"""How much of a facet's log is kept, so that one kind of event does not push out another.

Events are of one class that the facet's rules count under the same names, such as failed sign-ins, successful ones, and
requests of pages that do not exist. Of each class the newest are kept: an attacker who asks for many pages after his
tries would otherwise clear them from the log.

Of a class that no rule counts, because its events are only asked about or only complete a sequence, a quarter is kept.
All successful sign-ins of a network are such a class, and a log is packed whole at each of its events.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final
from zlib import crc32

from core.risk.facets.limits import FacetLimits
from core.risk.facets.state import FacetEntry, FacetState
from core.risk.observation import Observation
from core.risk.rules.rule_set import WindowRule

FEW: Final = 4
"""The part of a class that is kept, where no rule counts it. Rules compare failures with four times the successes."""
CLASSES: Final = 4
"""So many full classes fit into a log. With more of them the largest gives way."""


def class_of(observed: Observation, rules: Sequence[WindowRule]) -> int | None:
    """A number, odd where a rule counts the event, for the names under which the rules count it or ask about it. Two
    classes with one number, which are rare, share their space.

    None: no rule looks at it, and it has no place in the log: many sign-ins of a network would push out the few that
    count.
    """
    matched, excluded = observed.matched, observed.excluded
    names: set[str] = set()
    is_counted = False
    for rule in rules:
        if rule.rule.name not in excluded:
            counted = rule.counts.intersection(matched)
            names.update(counted, rule.context.intersection(matched))
            is_counted = is_counted or not counted <= rule.completing
    return 2 * crc32(",".join(sorted(names)).encode()) + is_counted if names else None


def _limit(kind: int, limits: FacetLimits) -> int:
    """How many events of a class are kept."""
    return limits.events if kind % 2 else max(1, limits.events // FEW)


def has_left(state: FacetState, entry: FacetEntry) -> bool:
    """The event, or a later one of its class, was too much for the log."""
    left = state.dropped.get(entry.kind)
    return left is not None and entry.key <= left


def is_too_late(state: FacetState, entry: FacetEntry, rules: Sequence[WindowRule], limits: FacetLimits) -> bool:
    if has_left(state, entry):
        return True
    return bool(state.log) and entry.observed.at <= state.log[-1].observed.at - _reach(rules, limits)


def drop(state: FacetState, rules: Sequence[WindowRule], limits: FacetLimits) -> None:
    """Takes out what is too old or too much."""
    log = state.log
    after = log[-1].observed.at - _reach(rules, limits)
    while log[0].observed.at <= after:
        _leave(state, 0)
    if len(log) > _limit(0, limits):
        numbers = Counter([each.kind for each in log])
        for kind, number in numbers.items():
            for _ in range(number - _limit(kind, limits)):
                _leave(state, _oldest(log, kind))
        while len(log) > CLASSES * limits.events:
            numbers = Counter([each.kind for each in log])
            largest = max(numbers, key=lambda kind: (numbers[kind], kind))
            _leave(state, _oldest(log, largest))
    for kind, (at, _) in [*state.dropped.items()]:
        if at <= after:
            del state.dropped[kind]


def _reach(rules: Sequence[WindowRule], limits: FacetLimits) -> int:
    return max(rule.timespan_ms for rule in rules) + limits.lateness_ms


def _oldest(log: Sequence[FacetEntry], kind: int) -> int:
    return next(place for place, each in enumerate(log) if each.kind == kind)


def _leave(state: FacetState, place: int) -> None:
    entry = state.log.pop(place)
    state.dropped_at = max(state.dropped_at, entry.observed.at)
    state.dropped[entry.kind] = max(entry.key, state.dropped.get(entry.kind, entry.key))
