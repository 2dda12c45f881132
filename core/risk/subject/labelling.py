"""What a label does to an account: its verdicts, what was learnt, and which rules were right."""

from typing import NamedTuple

from contracts.security.labels import Label
from contracts.security.verdicts import Verdict
from core.risk.rules.rule_set import RuleSet
from core.risk.subject.evaluation import is_learnable
from core.risk.subject.judge import erase, find, judge_from
from core.risk.subject.labels import GUILTY, INNOCENT, first_affected, note_label, standing
from core.risk.subject.limits import LIMITS, Limits
from core.risk.subject.state import SubjectState
from core.risk.subject.verdicts import rule_reasons, tell


class RuleOutcome(NamedTuple):
    """A live rule was a reason of the verdict on the labelled event."""

    rule: str
    was_right: bool


class Labelled(NamedTuple):
    verdicts: list[Verdict]
    outcomes: tuple[RuleOutcome, ...] = ()
    """For the rules' precision. Empty for a label that was known."""
    is_erased: bool = False
    """The state is empty now; whoever holds it deletes it."""


def take_label(state: SubjectState, label: Label, rules: RuleSet, limits: Limits = LIMITS) -> Labelled:
    """The label may come before its event, or after it has left the log: an event with reasons is still judged anew,
    and a success is learnt or forgotten.
    """
    if label.finding == "erase":
        erase(state)
        return Labelled([], is_erased=True)
    if label.event_id is None and label.finding != "confirmed_fraud":
        return Labelled([])
    note = note_label(state, label, limits)
    if note is None:
        return Labelled([])
    entry = None if label.event_id is None else find(state, label.event_id)
    outcomes: tuple[RuleOutcome, ...] = ()
    if entry is not None:
        reasons = rule_reasons(entry, rules, "live")
        outcomes = tuple(RuleOutcome(rule.name, note.finding in GUILTY) for rule, _ in reasons)
    changed_at = first_affected(note)
    verdicts = []
    if label.event_id is not None and all(entry is not kept for kept in state.log):
        if entry is not None:
            verdicts = tell(entry, rules, standing(state.labels, entry.observed))
        if _relearn(state, label):
            changed_at = 0
    return Labelled(verdicts + judge_from(state, changed_at, rules, limits), outcomes)


def _relearn(state: SubjectState, label: Label) -> bool:
    """Of an event that has left the log. True if the profile is another one now."""
    if label.event_id is None:
        return False
    entry = find(state, label.event_id)
    is_learnt = state.profile.knows(label.event_id)
    if label.finding in GUILTY and is_learnt:
        state.profile.forget(label.event_id)
    elif label.finding in INNOCENT and not is_learnt and entry is not None and is_learnable(entry):
        state.profile.learn(entry.observed)
    else:
        return False
    return True
