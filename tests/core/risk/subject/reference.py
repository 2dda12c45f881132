"""What the verdicts must be: everything is looked up anew in the sorted set of all events, and nothing is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

from contracts.security.labels import Label
from contracts.security.verdicts import Verdict
from core.risk.observation import PLACE, Hit, Observation, Part
from core.risk.rules.rule_set import HabitRule, RuleSet, WindowRule
from core.risk.subject.travel import distance_km
from core.risk.windows.window import LogWindow
from tests.core.risk.subject.made import DAY, MINUTE

GUILTY = ("confirmed_fraud", "challenge_failed")


@dataclass
class Event:
    observed: Observation
    hits: dict[str, Hit] = field(default_factory=dict)
    learnt: bool = False
    learning: bool = True
    is_cleared: bool = False

    def value(self, name: str) -> int | None:
        return self.observed.values[PLACE[name]]  # type: ignore[index]


def verdicts(
    observations: Sequence[Observation], parts: Sequence[Part], labels: Sequence[Label], rules: RuleSet
) -> dict[tuple[str, str], tuple[object, ...]]:
    """(event, mode) → what :func:`content` gives of its verdict. Of the shadow ones only those that must be."""
    events = [Event(each) for each in sorted(observations, key=lambda each: (each.at, each.identity))]
    by_event: dict[str, Label] = {}
    for each in sorted(labels, key=lambda label: (label.labelled_tstamp, label.label_id)):
        by_event[each.event_id or f":{each.label_id}"] = each
    times = {event.observed.event_id: event.observed.at for event in events}
    for event in events:
        for part in parts:
            if part.event == event.observed.identity:
                for hit in part.hits:
                    if hit.rule not in event.hits or hit.since < event.hits[hit.rule].since:
                        event.hits[hit.rule] = hit
    for event in events:
        own = by_event.get(event.observed.event_id)
        event.is_cleared = own is not None and own.finding in ("false_positive", "challenge_passed")
    for place, event in enumerate(events):
        _judge(events[: place + 1], rules)
        event.learnt = "sign_in_succeeded" in event.observed.matched
        event.learnt &= "unremembered_network" not in event.observed.matched
        decision = _content(event, rules, by_event, times, mode="live", until=event.observed.at)[0]
        event.learnt &= decision == "allow" or (decision == "challenge" and "proven_sign_in" in event.observed.matched)
    result = {}
    for event in events:
        result[event.observed.event_id, "live"] = _content(event, rules, by_event, times, mode="live")
        if any(rules.rules[name].mode == "shadow" for name in event.hits):
            result[event.observed.event_id, "shadow"] = _content(event, rules, by_event, times, mode="shadow")
    return result


def content(verdict: Verdict) -> tuple[object, ...]:
    reasons = sorted((each.code, each.since_tstamp, each.value) for each in verdict.reasons)
    return verdict.decision, verdict.level, verdict.score, verdict.decided_tstamp, reasons


def _judge(events: Sequence[Event], rules: RuleSet) -> None:
    last = events[-1]
    at = last.observed.at
    facts = _facts(events)
    last.learning = bool(facts["user.is_learning"])
    for name in rules.rules:
        facts[name] = name in last.observed.matched or (name in last.hits and last.hits[name].since <= at)
    for rule in rules.subject_rules:
        name = rule.rule.name
        if isinstance(rule, HabitRule):
            if rule.holds(facts):
                value = None if rule.measure is None else rule.measure(facts)
                last.hits[name] = Hit(name, at, None if value is None else float(value))
        else:
            _end_window(events, rule)
        facts[name] = name in last.hits


def _end_window(events: Sequence[Event], rule: WindowRule) -> None:
    last = events[-1]
    at, name = last.observed.at, rule.rule.name

    def is_matched(event: Event, wanted: str) -> bool:
        is_found = wanted in event.hits and event.hits[wanted].since <= at
        return wanted in event.observed.matched or (is_found and (not event.is_cleared or event.observed.at == at))

    def is_counted(event: Event) -> bool:
        is_within = at - rule.timespan_ms < event.observed.at
        return is_within and event.value("user_id") is not None and any(is_matched(event, each) for each in rule.counts)

    window = [event for event in events if is_counted(event)]
    assert rule.rule.correlation is not None
    kind, wanted = rule.rule.correlation.type, rule.rule.correlation.rules
    if not window or window[-1] is not last:
        return
    if kind in ("event_count", "value_count"):
        told = window if rule.holds(LogWindow(window)) else []
    elif kind == "temporal":
        told = [last] if all(any(is_matched(event, each) for event in window) for each in wanted) else []
    else:
        first = [place for place, event in enumerate(window) if is_matched(event, wanted[0])]
        told = [last] if first and first[0] < len(window) - 1 and is_matched(last, wanted[1]) else []
    for event in told:
        event.hits.setdefault(name, Hit(name, at, rule.measure(LogWindow(window))))


def _facts(events: Sequence[Event]) -> dict[str, object]:
    *before, last = events
    at = last.observed.at
    successes = [each for each in before if "sign_in_succeeded" in each.observed.matched]
    learnt = [each for each in successes if each.learnt]
    new_devices = [each.observed.at for each in successes if not each.is_cleared and _is_new([*before], each)]
    since_success = before[before.index(successes[-1]) :] if successes else before
    session = [each for each in events if each.value("domain_sessionid") == last.value("domain_sessionid")]
    addresses = {each.value("user_ipaddress") for each in session} - {None}
    places = [each.observed for each in learnt if each.observed.latitude is not None]
    travels = False
    if places and last.observed.latitude is not None:
        start, end = places[-1], last.observed
        assert start.latitude is not None and start.longitude is not None
        assert end.latitude is not None and end.longitude is not None
        distance = distance_km(start.latitude, start.longitude, end.latitude, end.longitude)
        travels = distance >= 50 or at - start.at >= 10 * MINUTE
    return {
        "flow": last.observed.flow,
        "user.is_learning": len(learnt) < 10 and (not learnt or at - learnt[0].observed.at < 14 * DAY),
        "user.new_device": _is_new(before, last),
        "user.ms_since_new_device": at - new_devices[-1] if new_devices else 2**53,
        "user.failures_in_a_row": sum("sign_in_failed" in each.observed.matched for each in since_success),
        "session.addresses": len(addresses) if last.value("domain_sessionid") is not None else 1,
        "travel.known": travels,
    }


def _is_new(events: Sequence[Event], event: Event) -> bool:
    place = events.index(event) if event in events else len(events)
    known = [each.value("device_id") for each in events[:place] if each.learnt][-20:]
    return bool(known) and event.value("device_id") is not None and event.value("device_id") not in known


def _content(
    event: Event,
    rules: RuleSet,
    labels: Mapping[str, Label],
    times: Mapping[str, int],
    *,
    mode: str,
    until: int = 2**62,
) -> tuple[object, ...]:
    observed = event.observed
    hits = [Hit(name, observed.at) for name in observed.matched] + list(event.hits.values())
    reasons: list[tuple[str, int, float | None]] = []
    weights = []
    for hit in hits:
        rule = rules.rules[hit.rule]
        if rule.is_reason and observed.flow in rule.flows and mode in (rule.mode, "shadow") and hit.since <= until:
            reasons.append((hit.rule, hit.since, hit.value))
            weights.append(rule.weight)
    own = labels.get(observed.event_id)
    if own is not None and own.finding in GUILTY:
        reasons.append(("label_confirmed_fraud", own.labelled_tstamp, None))
        weights.append(0.92)
        if until < 2**62:
            return ("deny",)
    suspects = []
    for key, each in labels.items():
        start = times.get(key, each.labelled_tstamp)
        passed = any(
            other.finding == "challenge_passed" and each.labelled_tstamp < other.labelled_tstamp <= observed.at
            for other in labels.values()
        )
        is_later = (start, key) < (observed.at, observed.event_id)
        if each.finding in GUILTY and is_later and observed.at <= each.labelled_tstamp + DAY and not passed:
            suspects.append(each.labelled_tstamp)
    if suspects:
        reasons.append(("confirmed_fraud_before", min(suspects), None))
        weights.append(0.73)
    score = round(1 - prod(1 - weight for weight in weights), 3)
    decision = "deny" if score >= 0.9 else "challenge" if score >= 0.6 else "allow"
    if own is not None and own.finding in ("false_positive", "challenge_passed"):
        decision = "allow"
    level = "critical" if score >= 0.9 else "high" if score >= 0.7 else "medium" if score >= 0.4 else "low"
    if not reasons:
        level = "unknown" if event.learning else "none"
    decided = max([observed.at, *(since for _, since, _ in reasons), own.labelled_tstamp if own is not None else 0])
    return decision, level, score, decided, sorted(reasons)
