"""What a label does to an account: its verdicts, what was learnt, and which rules were right."""

from collections.abc import Sequence
from typing import NamedTuple

from contracts.security.labels import Label
from contracts.security.verdicts import Verdict
from core.risk.rules.rule_set import RuleSet
from core.risk.subject.evaluation import is_learnable
from core.risk.subject.judge import erase, judge_from
from core.risk.subject.labels import GUILTY, INNOCENT, first_affected, is_foreign, note_label, standing
from core.risk.subject.limits import LIMITS, Limits
from core.risk.subject.state import Entry, LabelNote, SubjectState
from core.risk.subject.verdicts import rule_reasons


class RuleOutcome(NamedTuple):
    """A live rule was a reason of the verdict on the labelled event."""

    rule: str
    was_right: bool


class Labelled(NamedTuple):
    verdicts: list[Verdict]
    outcomes: tuple[RuleOutcome, ...] = ()
    """For the rules' precision. Empty for a label that was known."""
    is_erased: bool = False
    """The state has only the time of the erasure now, by which late parts are known. Whoever holds copies
    deletes them."""


def take_label(state: SubjectState, label: Label, rules: RuleSet, limits: Limits = LIMITS) -> Labelled:
    """The label may come before its event, or after it has left the log: an event with reasons is still judged anew,
    and a success is learnt or forgotten.
    """
    if label.finding == "erase":
        erase(state)
        return Labelled([], is_erased=True)
    if label.event_id is None and label.finding != "confirmed_fraud":
        return Labelled([])
    kept = list(state.kept())
    before = [standing(state.labels, entry.observed) for entry in kept]
    note = note_label(state, label, limits)
    if note is None:
        return Labelled([])
    labelled = [entry for entry in kept if entry.observed.event_id == label.event_id]
    outcomes = tuple(
        RuleOutcome(rule.name, note.finding in GUILTY)
        for entry in labelled
        for rule, _ in rule_reasons(entry, rules, "live")
    )
    changed_at = first_affected(note)
    others = [
        entry
        for entry, was in zip(kept, before, strict=True)
        if entry.observed.at <= state.dropped_at and standing(state.labels, entry.observed) != was
    ]
    if _relearn(state, note, [entry for entry in labelled if entry in others]):
        changed_at = 0
    return Labelled(judge_from(state, changed_at, rules, limits, others), outcomes)


def _relearn(state: SubjectState, note: LabelNote, labelled: Sequence[Entry]) -> bool:
    """What the profile has already.

    :param labelled: the label's events that are in it.
    :return: whether it is another one now.
    """
    if note.finding in GUILTY:
        return state.profile.forget(is_foreign(state.labels))
    innocent = [entry for entry in labelled if note.finding in INNOCENT and is_learnable(entry)]
    for entry in innocent:
        state.profile.clear(entry.observed)
    return bool(innocent)
