"""What the judge counts: verdicts by decision and flow, the precision of each rule by labels, and what is shared."""

from collections.abc import Sequence
from typing import Protocol

from applications.account_security.metric_names import GAUGES, CounterName, Counters, Gauges
from applications.account_security.runtime import Runtime
from common.flink.metrics import Counter, EmissionLatency, MetricGroup
from contracts.security.verdicts import Decision, Flow, Verdict
from core.risk.subject.labelling import RuleOutcome

_BY_DECISION: dict[Decision, CounterName] = {
    "allow": "verdicts_allowed",
    "challenge": "verdicts_challenged",
    "deny": "verdicts_denied",
}
_PPM = 1_000_000


class _Distribution(Protocol):
    def update(self, value: int) -> None: ...


class Group(Protocol):
    """The metric group of a function instance, as far as it is needed."""

    def counter(self, name: str) -> Counter: ...
    def distribution(self, name: str) -> _Distribution: ...
    def add_group(self, name: str, extra: str) -> MetricGroup: ...


class JudgeMetrics:
    """Of one function instance. First verdicts count by flow: what a person met, whatever was found out later."""

    def __init__(self, group: Group, runtime: Runtime) -> None:
        self._group, self._runtime = group, runtime
        self._counters = Counters(
            group,
            *_BY_DECISION.values(),
            "verdicts_shadow",
            "verdicts_superseding",
            "subjects_erased",
            "parts_unreadable",
            "events_failed",
            "rules_version_unknown",
            "risk_states_dropped",
        )
        self._gauges = Gauges(group, *GAUGES)
        self._latency = EmissionLatency(group)
        self._by_flow: dict[Flow, tuple[Counter, Counter, Counter]] = {}
        self._by_rule: dict[tuple[str, bool], Counter] = {}

    def count(self, name: CounterName) -> None:
        self._counters.add(name)

    def told(self, verdicts: Sequence[Verdict], now_ms: int, keys: int) -> None:
        """:param keys: states in memory."""
        for verdict in verdicts:
            if verdict.mode == "shadow":
                self._counters.add("verdicts_shadow")
            elif verdict.verdict_version > 1:
                self._counters.add("verdicts_superseding")
            else:
                self._counters.add(_BY_DECISION[verdict.decision])
                self._first(verdict)
                self._latency.observe(now_ms - verdict.event_tstamp)
        if self._counters.tick(now_ms):
            self._flush(keys)

    def labelled(self, outcomes: Sequence[RuleOutcome]) -> None:
        for rule, was_right in outcomes:
            if (rule, was_right) not in self._by_rule:
                name = "labels_right" if was_right else "labels_wrong"
                self._by_rule[rule, was_right] = self._group.add_group("rule", rule).counter(name)
            self._by_rule[rule, was_right].inc()

    def _first(self, verdict: Verdict) -> None:
        flow = verdict.flow
        if flow not in self._by_flow:
            group = self._group.add_group("flow", flow)
            names = ("first_verdicts", "first_verdicts_stopped", "first_verdicts_allowance_ppm")
            self._by_flow[flow] = (group.counter(names[0]), group.counter(names[1]), group.counter(names[2]))
        judged, stopped, allowance = self._by_flow[flow]
        judged.inc()
        if verdict.decision != "allow":
            stopped.inc()
        # The sum of what the rules allow to be stopped, so that an alert can compare two counters of the same events.
        allowance.inc(round(self._runtime.rule_sets.current.thresholds[flow].challenge_rate * _PPM))

    def _flush(self, keys: int) -> None:
        runtime = self._runtime
        self._gauges.set("mirror_keys", keys)
        self._gauges.set("rules_refused", runtime.refused)
        self._gauges.set("rules_quarantined", len(runtime.rule_sets.current.quarantined))
        self._gauges.set("rules_follower_age_ms", runtime.follower_age_ms)
        if (risk := runtime.risk) is not None:
            self._gauges.set("risk_states_waiting", risk.waiting)
            self._gauges.set("risk_states_behind_ms", risk.behind_ms)
            self._gauges.set("risk_erasures_waiting", risk.erasures_waiting)
            self._counters.add("risk_states_dropped", risk.take_dropped())  # several tasks of a process share them
        self._counters.flush()
        self._latency.flush()
