"""Which rules' conditions on the event match an event, and which rules do not count it."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, TypeAlias

from core.risk.rules.quarantine import Quarantine, is_timed
from core.risk.security_event import FLOWS, SecurityEvent

Holds: TypeAlias = Callable[[SecurityEvent, Collection[str]], bool]
"""Gets the event, and the names of the event rules that hold for it, of those that stand before."""


@dataclass(frozen=True, slots=True)
class EventRule:
    """A condition over the event, compiled. It may name event rules that stand before it."""

    name: str
    holds: Holds
    events: frozenset[str] | None
    """Names of the events of which it can hold; None: of any."""
    exclusions: tuple[Holds, ...] = ()


@dataclass(frozen=True, slots=True)
class OtherExclusion:
    """An exclusion of a rule that is not on the event."""

    rule: str
    holds: Holds
    after: frozenset[str]
    """It matters only for events that match one of these rules; empty: for all."""


class _Plan(NamedTuple):
    """What is evaluated for the events of one name."""

    rules: tuple[tuple[str, Holds, tuple[Holds, ...]], ...]
    exclusions: tuple[tuple[str, Holds, frozenset[str]], ...]


_NOTHING = _Plan((), ())


class Matcher:
    """Some evaluations are timed (:func:`is_timed`), so there are two plans for each name of an event: with the clock
    and without. They are made anew when a rule is stopped.
    """

    def __init__(
        self, rules: Iterable[EventRule], exclusions: Iterable[OtherExclusion], quarantine: Quarantine
    ) -> None:
        """:param rules: each after those that it names."""
        self._rules = tuple(rules)
        self._exclusions = tuple(exclusions)
        self._quarantine = quarantine
        self._plans: dict[str, tuple[_Plan, _Plan]] = {}
        self._planned_without = -1
        self._turn = 0

    def match(self, event: SecurityEvent) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Names of the rules whose condition on the event matches, and of those that exclude it."""
        if self._planned_without != len(self._quarantine.stopped):
            self._plan()
        self._turn += 1
        rules, others = self._plans.get(event.event_name, (_NOTHING, _NOTHING))[is_timed(self._turn)]
        # A mapping, because its names are looked up and keep their order.
        matched: dict[str, None] = {}
        excluded: dict[str, None] = {}
        for name, holds, exclusions in rules:
            try:
                if holds(event, matched):
                    if exclusions and any([each(event, matched) for each in exclusions]):
                        excluded[name] = None
                    else:
                        matched[name] = None
            except Exception as error:
                self._quarantine.watch(name).failed(error)
        for name, holds, after in others:
            try:
                if (not after or not after.isdisjoint(matched)) and holds(event, matched):
                    excluded[name] = None
            except Exception as error:
                self._quarantine.watch(name).failed(error)
        return tuple(matched), tuple(excluded)

    def _plan(self) -> None:
        stopped = self._quarantine.stopped
        rules = [each for each in self._rules if each.name not in stopped]
        exclusions = [each for each in self._exclusions if each.rule not in stopped]
        for event_name in FLOWS:
            asked = [each for each in rules if each.events is None or event_name in each.events]
            names = {each.name for each in asked}
            others = [each for each in exclusions if not each.after or not each.after.isdisjoint(names)]
            timed = self._timed
            self._plans[event_name] = (
                _Plan(
                    tuple((each.name, each.holds, each.exclusions) for each in asked),
                    tuple((each.rule, each.holds, each.after) for each in others),
                ),
                _Plan(
                    tuple(
                        (
                            each.name,
                            timed(each.name, each.holds),
                            tuple(timed(each.name, holds) for holds in each.exclusions),
                        )
                        for each in asked
                    ),
                    tuple((each.rule, timed(each.rule, each.holds), each.after) for each in others),
                ),
            )
        self._planned_without = len(stopped)

    def _timed(self, rule: str, holds: Holds) -> Holds:
        return partial(self._quarantine.watch(rule).measure, holds)
