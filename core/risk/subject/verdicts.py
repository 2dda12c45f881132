"""The verdict on an event of the log, from the rules that hold for it and the labels."""

from collections.abc import Iterable
from hashlib import blake2b
from uuid import UUID

import msgspec

from contracts.security.verdicts import Mode, Reason, Verdict
from core.risk.observation import Hit
from core.risk.rules.known_names import PROVEN_SIGN_IN
from core.risk.rules.model import WEIGHTS, Rule
from core.risk.rules.rule_set import RuleSet
from core.risk.subject.labels import GUILTY, Standing
from core.risk.subject.scoring import decision_of, level_of, score_of
from core.risk.subject.state import Entry, Told

CONFIRMED = "label_confirmed_fraud"
"""Code of the reason of an event that is labelled as fraud."""
SUSPECTED = "confirmed_fraud_before"
"""Code of the reason of an account's events after one that is labelled as fraud."""

_encode = msgspec.json.Encoder().encode


def holding(entry: Entry) -> Iterable[Hit]:
    """Rules that hold for the event: by its own content, by the facets, and by the account."""
    observed = entry.observed
    hits = (Hit(name, observed.at) for name in observed.matched)
    return (hit for hit in (*hits, *entry.hits.values()) if hit.rule not in observed.excluded)


def rule_reasons(entry: Entry, rules: RuleSet, mode: Mode, until: int | None = None) -> list[tuple[Rule, Hit]]:
    """:param mode: live: of the live rules; shadow: also of those that are tried out.
    :param until: only what was known by that time.
    """
    reasons = []
    for hit in holding(entry):
        rule = rules.rules.get(hit.rule)
        if (
            rule is not None
            and rule.is_reason
            and entry.observed.flow in rule.flows
            and (rule.mode == "live" or mode == "shadow")
            and (until is None or hit.since <= until)
        ):
            reasons.append((rule, hit))
    return reasons


def is_trusted(entry: Entry, rules: RuleSet, standing: Standing) -> bool:
    """Whether the event was allowed by what was known at its time, or was challenged and proves the owner. Later
    knowledge must not change what is learnt of it, except by a label.
    """
    if standing.own is not None:
        return standing.is_innocent
    weights = [rule.weight for rule, _ in rule_reasons(entry, rules, "live", entry.observed.at)]
    if standing.suspect is not None:
        weights.append(WEIGHTS["high"])
    decision = decision_of(score_of(weights), rules.thresholds[entry.observed.flow])
    return decision == "allow" or (decision == "challenge" and PROVEN_SIGN_IN in entry.observed.matched)


def tell(entry: Entry, rules: RuleSet, standing: Standing) -> list[Verdict]:
    """The live verdict and the one with the rules that are tried out, where it is not what was told last.

    A shadow verdict whose rules do not hold any more is taken back by one that equals the live verdict.
    """
    verdicts = []
    verdict, told = _changed(entry.live, verdict_on(entry, rules, standing, "live"))
    if verdict is not None:
        entry.live = told
        verdicts.append(verdict)
    is_tried = any(rule.mode == "shadow" for rule, _ in rule_reasons(entry, rules, "shadow"))
    if is_tried or entry.shadow is not None:
        verdict, told = _changed(entry.shadow, verdict_on(entry, rules, standing, "shadow"))
        if verdict is not None:
            entry.shadow = told
            verdicts.append(verdict)
    return verdicts


def verdict_on(entry: Entry, rules: RuleSet, standing: Standing, mode: Mode) -> Verdict:
    """Version 1 of it, without an id."""
    observed = entry.observed
    reasons = [_reason(rule, hit) for rule, hit in rule_reasons(entry, rules, mode)]
    _add_label_reasons(reasons, standing)
    reasons.sort(key=_order)
    score = score_of(reason.weight for reason in reasons)
    is_learning = entry.is_learning and not reasons
    decision = "allow" if standing.is_innocent else decision_of(score, rules.thresholds[observed.flow])
    heaviest = reasons[0] if reasons else None
    return Verdict(
        verdict_id="",
        verdict_version=1,
        event_id=observed.event_id,
        event_tstamp=observed.at,
        subject_kind=observed.subject_kind,
        subject_id=observed.subject_id,
        flow=observed.flow,
        mode=mode,
        decision=decision,
        level=level_of(score, is_learning=is_learning and decision == "allow"),
        score=score,
        abuse_type=None if heaviest is None else heaviest.abuse_type,
        owasp=None if heaviest is None else heaviest.owasp,
        reasons=reasons,
        likelihood=entry.likelihood,
        rules_version=rules.version,
        decided_tstamp=max(
            observed.at,
            0 if standing.own is None else standing.own.at,
            *(reason.since_tstamp for reason in reasons),
        ),
    )


def with_id(verdict: Verdict, version: int, supersedes: bytes) -> tuple[Verdict, bytes]:
    """:param verdict: without an id.
    :param supersedes: 16 bytes, or empty.
    :return: the verdict, and its id as bytes.
    """
    before = str(UUID(bytes=supersedes)) if supersedes else None
    content = msgspec.structs.replace(verdict, verdict_version=version, supersedes=before)
    verdict_id = blake2b(_encode(content), digest_size=16).digest()
    return msgspec.structs.replace(content, verdict_id=str(UUID(bytes=verdict_id))), verdict_id


def _changed(told: Told | None, verdict: Verdict) -> tuple[Verdict | None, Told | None]:
    if told is None:
        first, verdict_id = with_id(verdict, 1, b"")
        return first, Told(1, verdict_id)
    _, same_id = with_id(verdict, told.version, told.supersedes)
    if same_id == told.verdict_id:
        return None, told
    version = told.version + 1
    changed, verdict_id = with_id(verdict, version, told.verdict_id)
    return changed, Told(version, verdict_id, told.verdict_id)


def _reason(rule: Rule, hit: Hit) -> Reason:
    words = (rule.words or rule.title).replace("{value}", _in_words(hit.value))
    return Reason(
        code=rule.name,
        words=words.replace("{threshold}", _in_words(rule.threshold)),
        abuse_type=rule.abuse_type or "account_takeover",
        owasp=rule.owasp,
        value=hit.value,
        threshold=rule.threshold,
        weight=rule.weight,
        since_tstamp=hit.since,
    )


def _add_label_reasons(reasons: list[Reason], standing: Standing) -> None:
    abuse_type = min(reasons, key=_order).abuse_type if reasons else "account_takeover"
    if standing.own is not None and standing.own.finding in GUILTY:
        failed = standing.own.finding == "challenge_failed"
        words = "The challenge on this event was not passed" if failed else "This event was confirmed as fraud"
        weight = WEIGHTS["critical"]
        since = standing.own.at
        reasons.append(Reason(code=CONFIRMED, words=words, abuse_type=abuse_type, weight=weight, since_tstamp=since))
    if standing.suspect is not None:
        words = "An earlier event of this account was found to be fraud within the last 24 hours"
        weight = WEIGHTS["high"]
        since = standing.suspect.at
        reasons.append(Reason(code=SUSPECTED, words=words, abuse_type=abuse_type, weight=weight, since_tstamp=since))


def _order(reason: Reason) -> tuple[float, str]:
    return -reason.weight, reason.code


def _in_words(value: float | None) -> str:
    return "an unknown number of" if value is None else f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
