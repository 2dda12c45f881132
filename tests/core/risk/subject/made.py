"""Rules and events made by hand."""

from collections.abc import Callable, Mapping, Sequence
from typing import get_args

from contracts.security.labels import SCHEMA, Finding, Label
from contracts.security.verdicts import Flow, Mode
from core.risk.observation import PLACE, VALUE_FIELDS, Observation, ValueField, digest
from core.risk.rules.model import WEIGHTS, Correlation, CorrelationType, Rule, Severity, Thresholds
from core.risk.rules.rule_set import HabitRule, RuleSet, SubjectRule, Window, WindowRule

T0 = 1_700_000_000_000
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
FLOWS: frozenset[Flow] = frozenset(get_args(Flow))
THRESHOLDS: Mapping[Flow, Thresholds] = {
    flow: Thresholds(challenge=0.6, deny=0.9, challenge_rate=0.01) for flow in FLOWS
}


def rule(
    name: str,
    severity: Severity = "informational",
    mode: Mode = "live",
    *,
    flows: frozenset[Flow] = FLOWS,
    correlation: Correlation | None = None,
    words: str = "",
    threshold: float | None = None,
) -> Rule:
    return Rule(
        name=name,
        title=name.replace("_", " "),
        description="",
        words=words,
        version=1,
        mode=mode,
        severity=severity,
        weight=WEIGHTS[severity],
        abuse_type=None if severity == "informational" else "account_takeover",
        owasp="OAT-008",
        flows=flows,
        correlation=correlation,
        threshold=threshold,
        file="made.yml",
        line=1,
    )


def habit_rule(
    name: str,
    holds: Callable[[Mapping[str, object]], bool],
    severity: Severity,
    mode: Mode = "live",
    *,
    measured: str = "",
) -> HabitRule:
    """:param measured: the habit that is the reason's value."""
    measure: Callable[[Mapping[str, object]], float | None] | None = None
    if measured:
        measure = lambda facts: facts[measured]  # type: ignore[assignment, return-value]  # noqa: E731
    return HabitRule(rule(name, severity, mode), holds, measure)


def window_rule(
    name: str,
    kind: CorrelationType,
    rules: Sequence[str],
    *,
    timespan_ms: int,
    severity: Severity,
    holds: Callable[[Window], bool] = lambda window: True,
    mode: Mode = "live",
) -> WindowRule:
    correlation = Correlation(type=kind, rules=tuple(rules), group_by=("user_id",), timespan_ms=timespan_ms)
    return WindowRule(
        rule(name, severity, mode, correlation=correlation, words="{value} of {threshold}", threshold=3),
        frozenset(rules),
        (PLACE["user_id"],),
        False,
        timespan_ms,
        holds,
        lambda window: float(window.count()),
    )


class MadeRules(RuleSet):
    def __init__(self, others: Sequence[Rule], subject_rules: Sequence[SubjectRule]) -> None:
        rules = [*others, *(each.rule for each in subject_rules)]
        self.version = "made"
        self.rules = {each.name: each for each in rules}
        self.thresholds = THRESHOLDS
        self.facet_rules = {}
        self.subject_rules = tuple(subject_rules)
        self.quarantined = {}


FACET_RULE = rule(
    "stuffing_address",
    "high",
    correlation=Correlation(
        type="event_count", rules=("sign_in_failed",), group_by=("user_ipaddress",), timespan_ms=HOUR
    ),
)
RULES = MadeRules(
    [
        rule("sign_in_succeeded"),
        rule("sign_in_failed"),
        rule("unremembered_network"),
        rule("proven_sign_in"),
        rule("odd_agent", "medium", flows=frozenset({"sign_in"})),
        FACET_RULE,
    ],
    [
        habit_rule("new_device", lambda fact: bool(fact["sign_in_succeeded"] and fact["user.new_device"]), "medium"),
        habit_rule(
            "change_after_new_device",
            lambda fact: bool(fact["flow"] == "account_change" and fact["user.ms_since_new_device"] <= HOUR),  # type: ignore[operator]
            "high",
        ),
        habit_rule(
            "failures",
            lambda fact: fact["user.failures_in_a_row"] >= 2,  # type: ignore[operator]
            "low",
            measured="user.failures_in_a_row",
        ),
        habit_rule("shared_session", lambda fact: fact["session.addresses"] >= 2, "high", "shadow"),  # type: ignore[operator]
        habit_rule("travels", lambda fact: bool(fact["travel.known"]), "medium", "shadow"),
        window_rule(
            "many_failures",
            "event_count",
            ["sign_in_failed"],
            timespan_ms=15 * MINUTE,
            severity="high",
            holds=lambda window: window.count() >= 3,
        ),
        window_rule(
            "new_devices",
            "value_count",
            ["new_device"],
            timespan_ms=HOUR,
            severity="critical",
            holds=lambda window: window.distinct("device_id") >= 2,
        ),
        window_rule(
            "success_after_attack",
            "temporal_ordered",
            ["stuffing_address", "sign_in_succeeded"],
            timespan_ms=2 * HOUR,
            severity="critical",
        ),
        window_rule(
            "attacked_both_ways",
            "temporal",
            ["many_failures", "stuffing_address"],
            timespan_ms=HOUR,
            severity="medium",
            mode="shadow",
        ),
    ],
)


def observation(
    event_id: str,
    at: int,
    *matched: str,
    flow: Flow = "sign_in",
    place: tuple[float, float] | None = None,
    excluded: tuple[str, ...] = (),
    **values: str | None,
) -> Observation:
    """:param values: by the names of ``VALUE_FIELDS``."""
    known: dict[ValueField, str | None] = {"user_id": "u1", **values}  # type: ignore[dict-item]
    digests = tuple(None if (text := known.get(name)) is None else digest(text) for name in VALUE_FIELDS)
    latitude, longitude = place or (None, None)
    return Observation(
        event_id, at, flow, "user", "u1", matched, excluded, digests, latitude, longitude, registered=T0 - DAY
    )


def label(label_id: str, finding: Finding, event_id: str | None, at: int) -> Label:
    return Label(
        schema=SCHEMA,
        label_id=label_id,
        finding=finding,
        subject_kind="user",
        subject_id="u1",
        event_id=event_id,
        labelled_tstamp=at,
        source="tests",
    )
