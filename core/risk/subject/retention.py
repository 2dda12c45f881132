"""What leaves the account's state, and when."""

from collections.abc import Callable, Sequence
from itertools import chain

from core.risk.rules.rule_set import RuleSet
from core.risk.subject.limits import Limits
from core.risk.subject.state import Entry, SubjectState
from core.risk.subject.verdicts import rule_reasons


def trim(state: SubjectState, rules: RuleSet, limits: Limits) -> None:
    """Removes events from the log. All events up to the latest of them are folded into the profile, so that it is that
    of a time; those that stay are counted by windows still.
    """
    log = state.log
    leaving = {id(entry) for entry in (*_old(state, rules, limits), *_too_many(state, rules, limits))}
    if not leaving:
        return
    dropped = [entry for entry in log if id(entry) in leaving]
    known, dropped_at = state.judged_for_good(), max(state.dropped_at, dropped[-1].observed.at)
    state.dropped_at = dropped_at
    for entry in log[known : state.judged_for_good()]:
        state.profile.fold(entry.observed, is_learnt=entry.is_learnt, is_cleared=entry.is_cleared)
    log[:] = [entry for entry in log if id(entry) not in leaving]
    for entry in dropped:
        settle(state, entry, rules)
    bound_settled(state, limits)


def settle(state: SubjectState, entry: Entry, rules: RuleSet) -> None:
    """Keeps an event with reasons for labels that come late."""
    observed = entry.observed
    if observed.at > state.erased_at and (observed.event_id in state.labels or rule_reasons(entry, rules, "shadow")):
        state.settled.append(entry)


def bound_settled(state: SubjectState, limits: Limits) -> None:
    state.settled.sort(key=lambda entry: (entry.observed.at, entry.observed.identity))
    del state.settled[: -limits.settled_events]
    old = state.newest - limits.labelled_ms
    state.settled = [entry for entry in state.settled if entry.observed.at >= old]


def overdue(state: SubjectState, rules: RuleSet, limits: Limits) -> list[str]:
    """Events whose facets have not answered in time, and what is too much. Parts without an event wait for it as long
    as there is room: in a fast replay the account's other events move its time on by days before the event has passed
    the exchange.
    """
    waiting = state.pending
    old = state.newest - limits.kept_ms(rules)
    late = [name for name, pending in waiting.items() if pending.observed is not None and 0 < pending.since < old]
    excess = len(waiting) - len(late) - limits.kept_events
    if excess > 0:
        by_age = sorted(waiting.keys() - {*late}, key=lambda name: (waiting[name].since, name))
        late += by_age[:excess]
    return late


def _old(state: SubjectState, rules: RuleSet, limits: Limits) -> list[Entry]:
    """The profile does not pass by an event that waits for facets, which is to be folded in its place."""
    old = state.newest - limits.kept_ms(rules)
    if not state.log or state.log[0].observed.at >= old:
        return []
    times = (each.observed.at for each in state.pending.values() if each.observed is not None and not each.is_late)
    until = max(min(times, default=old) - 1, state.dropped_at)
    return [each for each in state.log if each.observed.at < old and each.observed.at <= until]


def _too_many(state: SubjectState, rules: RuleSet, limits: Limits) -> list[Entry]:
    log = state.log
    if len(log) <= limits.flow_events:
        return []
    flows: dict[str, list[Entry]] = {}
    for entry in log:
        flows.setdefault(entry.observed.flow, []).append(entry)
    crowded = [entries for entries in flows.values() if len(entries) > limits.flow_events]
    if not crowded and len(log) <= limits.kept_events:
        return []
    need = _needs(state, rules, limits)
    leaving = [entry for entries in crowded for entry in _least_needed(entries, limits.flow_events, need)]
    if len(log) - len(leaving) > limits.kept_events:
        gone = {id(entry) for entry in leaving}
        leaving += _least_needed([entry for entry in log if id(entry) not in gone], limits.kept_events, need)
    return leaving


def _least_needed(entries: Sequence[Entry], limit: int, need: Callable[[Entry], int]) -> list[Entry]:
    """:param entries: in order. The newest half of those that may stay does stay."""
    older = entries[: len(entries) - limit // 2]
    return sorted(older, key=need)[: len(entries) - limit]


def _needs(state: SubjectState, rules: RuleSet, limits: Limits) -> Callable[[Entry], int]:
    """How much a rule needs an event: 2 if it is the latest that matches a rule which another one counts, within its
    timespan; 1 if such a rule was found of it; else 0. An attacker cannot make what was found of a sign-in be forgotten
    by doing much else.
    """
    timespans: dict[str, int] = {}
    for rule in rules.subject_windows:
        for name in rule.counts | rule.context:
            timespans[name] = max(timespans.get(name, 0), rule.timespan_ms + limits.lateness_ms)
    latest: set[str] = set()
    needs: dict[int, int] = {}
    for entry in reversed(state.log):
        age, hits = state.newest - entry.observed.at, () if entry.is_cleared else entry.hits
        names = [name for name in chain(entry.observed.matched, hits) if age < timespans.get(name, 0)]
        if not latest.issuperset(names):
            latest.update(names)
            needs[id(entry)] = 2
        elif any(name in hits for name in names):
            needs[id(entry)] = 1
    return lambda entry: needs.get(id(entry), 0)
