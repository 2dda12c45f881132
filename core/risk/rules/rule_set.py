"""The rules in compiled form: what the three stages of the work ask of them.

* Observing an event: :meth:`RuleSet.match`, :meth:`RuleSet.facets_of`.
* A facet's log: :attr:`RuleSet.facet_rules`.
* The subject's log: :attr:`RuleSet.subject_rules`, :attr:`RuleSet.thresholds`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, TypeAlias

from contracts.security.verdicts import Flow
from core.risk.observation import Observation
from core.risk.rules.facet_keys import SIGN_IN_FACETS, SITE, Facet, facet_keys
from core.risk.rules.model import Rule, RuleProblem, Thresholds
from core.risk.rules.quarantine import Quarantine, is_timed
from core.risk.security_event import FLOWS, SecurityEvent

SIGN_IN_SUCCEEDED = "sign_in_succeeded"
"""Name of the event rule that says what a successful sign-in is: habits are learnt from it."""
UNREMEMBERED_NETWORK = "unremembered_network"
"""Name of the event rule for networks that no habit is learnt from."""
PROVEN_SIGN_IN = "proven_sign_in"
"""Name of the event rule for successes that prove the owner, by a second factor or a passkey: they are learnt also where
they were challenged."""


class Window(Protocol):
    """The events of one group within the timespan, up to and including the latest. Conditions call it."""

    def count(self, rule: str = "") -> int:
        """Events that match the rule; all events of the window without one."""

    def distinct(self, field: str) -> int:
        """Different values of the field; events without it do not count."""

    def most(self, field: str) -> int:
        """Events of the value that has most."""

    def share(self, field: str, low: int, high: int) -> float:
        """Share of the values that have ``low`` to ``high`` events; 0 without values."""

    def present(self, field: str) -> float:
        """Share of the events that have the field."""

    def lasting(self) -> int:
        """Time between the first and the last event, ms."""


@dataclass(frozen=True, slots=True)
class WindowRule:
    """A correlation, compiled."""

    rule: Rule
    counts: frozenset[str]
    """Names of the rules whose events are in its windows. A correlation's name: events that have its hit by then."""
    places: tuple[int, ...]
    """Of the group's fields in ``Observation.values``."""
    is_similar: bool
    """The first field of the group is a similarity hash."""
    timespan_ms: int
    holds: Callable[[Window], bool]
    """For ``event_count`` and ``value_count``; the events of a window for which it holds all get the hit."""
    measure: Callable[[Window], float]
    """The reason's value."""


@dataclass(frozen=True, slots=True)
class HabitRule:
    """A condition over the account's habits, compiled."""

    rule: Rule
    holds: Callable[[Mapping[str, object]], bool]
    """Gets :data:`core.risk.habits.HABITS` by name, ``flow``, and every rule's name → whether it holds."""
    measure: Callable[[Mapping[str, object]], float | None] | None = None
    """The reason's value; None where the condition compares no number."""


@dataclass(frozen=True, slots=True)
class EventRule:
    """A condition over the event, compiled."""

    rule: Rule
    holds: Callable[[SecurityEvent], bool]
    events: frozenset[str] | None
    """Names of the events of which it can hold; None: of any."""


@dataclass(frozen=True, slots=True)
class CompiledExclusion:
    rule: str
    holds: Callable[[SecurityEvent], bool]
    after: frozenset[str]
    """It matters only for events that match one of these rules; empty: for all."""


SubjectRule: TypeAlias = WindowRule | HabitRule


class _Plan(NamedTuple):
    """What is evaluated for the events of one name."""

    rules: tuple[tuple[str, Callable[[SecurityEvent], bool]], ...]
    exclusions: tuple[CompiledExclusion, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """All rules in compiled form. The functions of window and habit rules are watched by the quarantine."""

    rules: Mapping[str, Rule]
    thresholds: Mapping[Flow, Thresholds]
    event_rules: tuple[EventRule, ...]
    exclusions: tuple[CompiledExclusion, ...]
    """Those of event rules come first."""
    facet_rules: Mapping[Facet, tuple[WindowRule, ...]]
    subject_rules: tuple[SubjectRule, ...]
    counted: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Correlation → names of the event rules that it counts, also through other correlations."""


class RuleSet:
    """Immutable but for the quarantine. ``version`` is a digest of all rules and thresholds."""

    version: str
    rules: Mapping[str, Rule]
    """Without rules that are off."""
    thresholds: Mapping[Flow, Thresholds]
    facet_rules: Mapping[Facet, tuple[WindowRule, ...]]
    """In the order in which they depend on each other."""
    subject_rules: tuple[SubjectRule, ...]
    """In the order in which they depend on each other."""
    quarantined: Mapping[str, str]
    """Rule → why it is not evaluated any more."""
    refused: Mapping[str, tuple[RuleProblem, ...]]
    """Rule → why its change is not applied."""

    def __init__(
        self,
        compiled: Compiled,
        *,
        version: str,
        quarantine: Quarantine,
        refused: Mapping[str, tuple[RuleProblem, ...]],
    ) -> None:
        self.version = version
        self.rules = compiled.rules
        self.thresholds = compiled.thresholds
        self.facet_rules = compiled.facet_rules
        self.subject_rules = compiled.subject_rules
        self.quarantined = quarantine.stopped
        self.refused = refused
        self._compiled = compiled
        self._quarantine = quarantine
        self._asked = {
            facet: tuple((each.rule.name, compiled.counted[each.rule.name], each.places) for each in rules)
            for facet, rules in compiled.facet_rules.items()
        }
        self._plans: dict[str, _Plan] = {}
        self._planned_without = -1
        self._turn = 0

    def match(self, event: SecurityEvent) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Names of the rules whose condition on the event matches, and of those that exclude it."""
        if self._planned_without != len(self.quarantined):
            self._plan()
        plan = self._plans.get(event.event_name)
        if plan is None:
            return (), ()
        self._turn += 1
        holds = self._holds_timed if is_timed(self._turn) else self._holds
        matched = holds(plan.rules, event)
        excluded: list[str] = []
        for exclusion in plan.exclusions:
            name = exclusion.rule
            if (not exclusion.after or not exclusion.after.isdisjoint(matched)) and holds(
                ((name, exclusion.holds),), event
            ):
                if name not in excluded:
                    excluded.append(name)
                if name in matched:
                    matched.remove(name)
        return tuple(matched), tuple(excluded)

    def facets_of(self, observed: Observation) -> Sequence[str]:
        """Keys of the facets that count the event, such as ``address:00ff…``; a similarity hash has four, one for each
        band of 16 bits. Empty for an event that no facet's rule counts.
        """
        is_success = SIGN_IN_SUCCEEDED in observed.matched
        facets: list[Facet] = list(SIGN_IN_FACETS) if is_success else []
        for facet, rules in self._asked.items():
            if facet not in facets and any(
                not counted.isdisjoint(observed.matched)
                and name not in observed.excluded
                and all(observed.values[place] is not None for place in places)
                for name, counted, places in rules
            ):
                facets.append(facet)
        keys = [key for facet in facets for key in facet_keys(facet, observed)]
        return [*keys, SITE] if is_success else keys

    def _holds(self, rules: Iterable[tuple[str, Callable[[SecurityEvent], bool]]], event: SecurityEvent) -> list[str]:
        found: list[str] = []
        for name, holds in rules:
            try:
                if holds(event):
                    found.append(name)
            except Exception as error:
                self._quarantine.watch(name).failed(error)
        return found

    def _holds_timed(
        self, rules: Iterable[tuple[str, Callable[[SecurityEvent], bool]]], event: SecurityEvent
    ) -> list[str]:
        return [name for name, holds in rules if self._quarantine.watch(name).measure(holds, event)]

    def _plan(self) -> None:
        stopped = self.quarantined
        exclusions = tuple(each for each in self._compiled.exclusions if each.rule not in stopped)
        for event_name in FLOWS:
            rules = tuple(
                (each.rule.name, each.holds)
                for each in self._compiled.event_rules
                if each.rule.name not in stopped and (each.events is None or event_name in each.events)
            )
            names = {name for name, _ in rules}
            asked = tuple(each for each in exclusions if not each.after or not each.after.isdisjoint(names))
            self._plans[event_name] = _Plan(rules, asked)
        self._planned_without = len(stopped)
