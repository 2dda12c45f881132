"""The rules in compiled form: what the three stages of the work ask of them.

* Observing an event: :meth:`RuleSet.match`, :meth:`RuleSet.facets_of`.
* A facet's log: :attr:`RuleSet.facet_rules`.
* The subject's log: :attr:`RuleSet.subject_rules`, :attr:`RuleSet.thresholds`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol, TypeAlias

from contracts.security.verdicts import Flow
from core.risk.observation import Observation
from core.risk.rules.facet_keys import SIGN_IN_FACETS, SITE, Facet, facet_keys
from core.risk.rules.known_names import SIGN_IN_SUCCEEDED
from core.risk.rules.matching import EventRule, Matcher, OtherExclusion
from core.risk.rules.model import Rule, RuleProblem, Thresholds
from core.risk.rules.quarantine import Quarantine
from core.risk.security_event import SecurityEvent


class Window(Protocol):
    """The events of one group within the timespan, up to and including the latest. Conditions call it.

    With a rule, only its events are looked at.
    """

    def count(self, rule: str = "") -> int:
        """Events that match the rule; all events of the window without one."""

    def distinct(self, field: str, rule: str = "") -> int:
        """Different values of the field; events without it do not count."""

    def most(self, field: str, rule: str = "") -> int:
        """Events of the value that has most."""

    def share(self, field: str, low: int, high: int, rule: str = "") -> float:
        """Share of the values that have ``low`` to ``high`` events; 0 without values."""

    def present(self, field: str, rule: str = "") -> float:
        """Share of the events that have the field; 0 without events."""

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
    measure: Callable[[Window], float | None]
    """The reason's value; None where it is no number that can be shown."""
    context: frozenset[str] = frozenset()
    """Names of the rules whose events are in its windows as well, but neither end a window nor have a hit."""

    completing: frozenset[str] = field(init=False)
    """Names of the rules whose events complete a sequence, and begin none."""

    def __post_init__(self) -> None:
        correlation = self.rule.correlation
        names: tuple[str, ...] = ()
        if correlation is not None and correlation.type == "temporal_ordered":
            names = correlation.rules
        # Once for a rule: every event of a facet asks for it.
        object.__setattr__(self, "completing", frozenset(names[-1:]) - frozenset(names[:-1]))


@dataclass(frozen=True, slots=True)
class HabitRule:
    """A condition over the account's habits, compiled."""

    rule: Rule
    holds: Callable[[Mapping[str, object]], bool]
    """Gets :data:`core.risk.habits.HABITS` by name, ``flow``, and every rule's name → whether it holds."""
    measure: Callable[[Mapping[str, object]], float | None] | None = None
    """The reason's value; None where the condition compares no number."""


SubjectRule: TypeAlias = WindowRule | HabitRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """All rules in compiled form. The functions of window and habit rules are watched by the quarantine."""

    rules: Mapping[str, Rule]
    thresholds: Mapping[Flow, Thresholds]
    event_rules: tuple[EventRule, ...]
    """Each after those that it names."""
    exclusions: tuple[OtherExclusion, ...]
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
    number: int = 0
    """Given by whoever has it loaded: of two rule sets of one job the newer has the higher one. 0: it is not known."""

    def __init__(
        self,
        compiled: Compiled,
        *,
        version: str,
        quarantine: Quarantine,
        refused: Mapping[str, tuple[RuleProblem, ...]],
        number: int = 0,
    ) -> None:
        self.version = version
        self.rules = compiled.rules
        self.thresholds = compiled.thresholds
        self.facet_rules = compiled.facet_rules
        self.subject_rules = compiled.subject_rules
        self.quarantined = quarantine.stopped
        self.refused = refused
        self.number = number
        self._matcher = Matcher(compiled.event_rules, compiled.exclusions, quarantine)
        self._asked = {
            facet: tuple((each.rule.name, compiled.counted[each.rule.name], each.places) for each in rules)
            for facet, rules in compiled.facet_rules.items()
        }

    # Every event of an account asks for these, and a rule set does not change.

    @cached_property
    def subject_windows(self) -> tuple[WindowRule, ...]:
        return tuple(rule for rule in self.subject_rules if isinstance(rule, WindowRule))

    @cached_property
    def subject_habits(self) -> tuple[HabitRule, ...]:
        return tuple(rule for rule in self.subject_rules if isinstance(rule, HabitRule))

    @cached_property
    def longest_subject_timespan_ms(self) -> int:
        """Of the account's correlations; 0 without any."""
        return max((rule.timespan_ms for rule in self.subject_windows), default=0)

    @cached_property
    def beyond_content(self) -> frozenset[str]:
        """Names of the rules that do not hold by an event's content alone."""
        habit_names = {rule.rule.name for rule in self.subject_rules}
        return frozenset(habit_names.union(name for name, rule in self.rules.items() if rule.correlation is not None))

    def match(self, event: SecurityEvent) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Names of the rules whose condition on the event matches, and of those that exclude it."""
        return self._matcher.match(event)

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
