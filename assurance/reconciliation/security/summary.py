"""Balances verdicts against the events that they are about, and sums them up. Pure."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from assurance.reconciliation.balancing.counts import LIMIT
from assurance.reconciliation.security.evaluation import Evaluation, evaluate
from assurance.reconciliation.security.history import Judged, LedgerKey, VerdictHistory
from assurance.reconciliation.security.truth import Truths
from contracts.security.verdicts import Verdict

_REASONS = 15
_SAMPLES = 5


class SecuritySummary(msgspec.Struct, frozen=True, kw_only=True):
    """Counts are of events by their final live verdicts, unless it says otherwise. The JSON keys are public: they must
    not change.
    """

    events: int
    """Events that should have a verdict."""
    verdicts: int
    by_decision: dict[str, int]
    by_flow: dict[str, int]
    by_level: dict[str, int]
    reasons: dict[str, int]
    """The most frequent rules → events."""
    challenge_rate: float | None
    """Share of events that are challenged or denied; None without events."""
    precision: float | None = None
    """As the next ones, None where no truth is given."""
    recall: float | None = None
    truth: Evaluation | None = None
    shadow_changes: int = 0
    """Events on which the rules that are tried out would decide otherwise."""
    superseded: int
    """Verdicts that a higher version has replaced."""
    repeated: int
    """Verdicts that came again with the same id."""
    missing: int
    """Events without a verdict."""
    unexpected: int
    """Verdicts on events that were not read."""
    missing_ids: list[str]
    """The first 20; so is the other list of ids."""
    unexpected_ids: list[str]
    balanced: bool
    samples: list[str]
    """The most suspicious events in words, without ids and addresses."""


def sum_up(expected: Iterable[LedgerKey], found: VerdictHistory, truth: Truths | None = None) -> SecuritySummary:
    """:param expected: the events that should have a verdict; one that is there twice counts once."""
    wanted = set(expected)
    missing, unexpected = sorted(wanted - found.events.keys()), sorted(found.events.keys() - wanted)
    finals = [judged.final for judged in found.events.values()]
    evaluation = None if truth is None else evaluate(truth, found.events)
    acted = sum(verdict.decision != "allow" for verdict in finals)
    return SecuritySummary(
        events=len(wanted),
        verdicts=len(finals),
        by_decision=_counted(verdict.decision for verdict in finals),
        by_flow=_counted(verdict.flow for verdict in finals),
        by_level=_counted(verdict.level for verdict in finals),
        reasons=dict(found.reasons().most_common(_REASONS)),
        challenge_rate=round(acted / len(finals), 5) if finals else None,
        precision=None if evaluation is None else evaluation.precision,
        recall=None if evaluation is None else evaluation.recall,
        truth=evaluation,
        shadow_changes=sum(_changes(verdict, found.events.get(key)) for key, verdict in found.shadows.items()),
        superseded=found.superseded,
        repeated=found.repeated,
        missing=len(missing),
        unexpected=len(unexpected),
        missing_ids=[key.event_id for key in missing[:LIMIT]],
        unexpected_ids=[key.event_id for key in unexpected[:LIMIT]],
        balanced=not missing and not unexpected,
        samples=[in_words(verdict) for verdict in _telling(finals)],
    )


def in_words(verdict: Verdict) -> str:
    """One line for a person: what to do about what, and why. Without ids and addresses."""
    why = "; ".join(reason.words.rstrip(".") for reason in verdict.reasons) or "nothing speaks against it"
    return f"{verdict.decision} {verdict.flow.replace('_', ' ')} ({verdict.level}, {verdict.score:.2f}): {why}"


def _telling(finals: Iterable[Verdict]) -> list[Verdict]:
    """The heaviest verdicts, with a different heaviest reason each as long as there are any."""
    ordered = sorted((verdict for verdict in finals if verdict.reasons), key=lambda each: (-each.score, each.event_id))
    first: dict[str, Verdict] = {}
    for verdict in ordered:
        first.setdefault(verdict.reasons[0].code, verdict)
    chosen = list(first.values())[:_SAMPLES]
    more = [verdict for verdict in ordered if verdict not in chosen]
    return (chosen + more)[:_SAMPLES]


def _changes(shadow: Verdict, live: Judged | None) -> bool:
    return live is not None and live.decision != shadow.decision


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(Counter(values).most_common())
