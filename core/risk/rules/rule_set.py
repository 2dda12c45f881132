"""The rules in compiled form: what the three stages of the work ask of them.

* Observing an event: :meth:`RuleSet.match`, :meth:`RuleSet.facets_of`.
* A facet's log: :attr:`RuleSet.facet_rules`.
* The subject's log: :attr:`RuleSet.subject_rules`, :attr:`RuleSet.thresholds`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from contracts.security.verdicts import Flow
from core.risk.observation import Observation
from core.risk.rules.model import Rule, Thresholds
from core.risk.security_event import SecurityEvent

Facet = Literal["address", "network", "device", "email_domain", "client", "text", "image", "site"]
"""site: everything at once. It only counts successful sign-ins, for the likelihood."""


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
    """Gets :data:`core.risk.subject.habits.HABITS` by name, ``flow``, and every rule's name → whether it holds."""
    measure: Callable[[Mapping[str, object]], float] | None = None


SubjectRule: TypeAlias = WindowRule | HabitRule


class RuleSet:
    """Immutable but for the quarantine. ``version`` is a digest of all rules and thresholds."""

    version: str
    rules: Mapping[str, Rule]
    thresholds: Mapping[Flow, Thresholds]
    facet_rules: Mapping[Facet, tuple[WindowRule, ...]]
    """In the order in which they depend on each other."""
    subject_rules: tuple[SubjectRule, ...]
    """In the order in which they depend on each other."""
    quarantined: Mapping[str, str]
    """Rule → why it is not evaluated any more."""

    def match(self, event: SecurityEvent) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Names of the rules whose condition on the event matches, and of those that exclude it."""
        raise NotImplementedError

    def facets_of(self, observed: Observation) -> Sequence[str]:
        """Keys of the facets that count the event, such as ``address:00ff…``; a similarity hash has four, one for each
        band of 16 bits. Empty for an event that no facet's rule counts.
        """
        raise NotImplementedError
