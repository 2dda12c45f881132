"""What leaves the account's state, and when."""

from core.risk.rules.rule_set import RuleSet
from core.risk.subject.limits import Limits
from core.risk.subject.state import SubjectState
from core.risk.subject.verdicts import rule_reasons


def trim(state: SubjectState, rules: RuleSet, limits: Limits) -> None:
    """Folds into the profile what leaves the log. Events with reasons are kept for labels that come late."""
    log, oldest = state.log, state.newest - limits.kept_ms
    leaving = 0
    while leaving < len(log) and (log[leaving].observed.at < oldest or len(log) - leaving > limits.kept_events):
        entry = log[leaving]
        observed = entry.observed
        state.profile.fold(observed, is_learnt=entry.is_learnt)
        state.dropped_at = max(state.dropped_at, observed.at)
        if observed.event_id in state.labels or rule_reasons(entry, rules, "shadow"):
            state.settled.append(entry)
        leaving += 1
    if leaving:
        del log[:leaving]
        state.settled.sort(key=lambda entry: (entry.observed.at, entry.observed.event_id))
        del state.settled[: -limits.settled_events]
        old = state.newest - limits.labelled_ms
        state.settled = [entry for entry in state.settled if entry.observed.at >= old]


def overdue(state: SubjectState, limits: Limits) -> list[str]:
    """Events whose facets have not answered in time, and what is too much. Parts without an event wait for it: in a
    fast replay the account's other events move its time on by days before the event has passed the exchange.
    """
    waiting = state.pending
    old = state.newest - limits.kept_ms
    late = [name for name, pending in waiting.items() if pending.observed is not None and 0 < pending.since < old]
    excess = len(waiting) - len(late) - limits.kept_events
    if excess > 0:
        by_age = sorted(waiting.keys() - {*late}, key=lambda name: (waiting[name].since, name))
        late += by_age[:excess]
    return late
