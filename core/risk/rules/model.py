"""A rule as its file declares it. The shape is Sigma's, with CEL conditions: docs/reference/rules.md."""

from dataclasses import dataclass
from typing import Literal

from contracts.security.verdicts import AbuseType, Flow, Mode
from core.risk.observation import ValueField

Severity = Literal["informational", "low", "medium", "high", "critical"]
"""informational: a building block of other rules; it never is a reason."""
WEIGHTS: dict[Severity, float] = {"informational": 0.0, "low": 0.21, "medium": 0.47, "high": 0.73, "critical": 0.92}
CorrelationType = Literal["event_count", "value_count", "temporal", "temporal_ordered"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    type: CorrelationType
    rules: tuple[str, ...]
    """Names of the rules whose events are counted. For the temporal types: all must hold, in this order if ordered."""
    group_by: tuple[ValueField, ...]
    """The first field decides whose log it is: the account's for ``user_id`` and ``domain_userid``, else a facet's.
    Events are in one group where they have the same value of every field."""
    timespan_ms: int
    context: tuple[str, ...] = ()
    """Names of the rules whose events the condition may ask about beside. They do not end windows and have no hit.
    Sigma has nothing like it."""
    condition: str = ""
    """CEL over the window; empty for the temporal types."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """Events that the rule neither counts nor hits."""

    name: str
    condition: str
    """CEL over the event."""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Has a condition or a correlation, and not both."""

    name: str
    title: str
    description: str
    """For the person who must act."""
    words: str = ""
    """Template of a reason's sentence, with ``{value}`` and ``{threshold}``; empty: the title."""
    version: int
    mode: Mode
    severity: Severity
    weight: float
    """In [0, 1]; of the severity unless the file says otherwise."""
    abuse_type: AbuseType | None = None
    """None only for a building block."""
    owasp: str | None = None
    flows: frozenset[Flow]
    """The events whose verdicts it may be a reason of."""
    condition: str = ""
    """CEL over the event, or over the account's habits where it names one of them."""
    correlation: Correlation | None = None
    exclusions: tuple[Exclusion, ...] = ()
    threshold: float | None = None
    """For the reason only: as the file says, else that of the first comparison with a number that has to hold."""
    references: tuple[str, ...] = ()
    """Where the numbers come from."""
    file: str
    line: int
    condition_line: int = 0
    """Of the condition, also of a correlation's; 0: it has none."""

    @property
    def is_reason(self) -> bool:
        return self.severity != "informational"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """From which score on an event of a flow is challenged or denied, and at what cost."""

    challenge: float
    deny: float
    challenge_rate: float
    """Share of the flow's events that these thresholds may challenge or deny: what the operator accepts, and what the
    back-test and the alert compare with."""


@dataclass(frozen=True, slots=True)
class RuleProblem:
    """Why a rule file or a rule is refused."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"
