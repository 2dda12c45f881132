"""The account's part of the work: takes an event, what facets found of it, and labels, and gives the verdicts.

The state is changed in place. The last verdict told on an event is a function of the set of events, parts and labels,
whatever the order in which they came (within :class:`core.risk.subject.limits.Limits`); only the number of its version,
and what it supersedes, are not. The parts of one facet on one event must come in the facet's order.
"""

from collections.abc import Iterable, Mapping, Sequence

from contracts.security.verdicts import Verdict
from core.risk.observation import Observation, Part
from core.risk.rules.rule_set import RuleSet
from core.risk.subject.evaluation import copy_of, evaluate, evaluate_apart, insert, merge
from core.risk.subject.labels import note_time, standing
from core.risk.subject.limits import LIMITS, Limits
from core.risk.subject.retention import bound_settled, overdue, settle, trim
from core.risk.subject.state import Entry, Found, Pending, SubjectState
from core.risk.subject.verdicts import tell, verdict_on, with_id


def open_event(
    state: SubjectState, observed: Observation, expected: Sequence[str], rules: RuleSet, limits: Limits = LIMITS
) -> list[Verdict]:
    """An event of the account. One that came later than what the log keeps may be a repetition: it has a verdict, and
    changes nothing.

    :param expected: keys of the facets that are asked; the verdict waits for their parts.
    """
    identity = observed.identity
    pending = state.pending.get(identity)
    is_known = pending is not None and pending.observed is not None
    if is_known or state.find(identity) is not None or state.profile.time_of(observed.event_id) == observed.at:
        return []
    is_late = observed.at <= state.dropped_at
    if observed.at <= state.erased_at:
        expected = ()  # Nothing of it is kept, not even until the facets answer.
    state.newest = max(state.newest, observed.at)
    for waiting in state.pending.values():
        waiting.since = waiting.since or state.newest
    found = {} if pending is None else pending.found
    state.pending[identity] = Pending(observed, list(expected), found, state.newest, is_late)
    return _judge_ready(state, identity, rules, limits)


def take_part(state: SubjectState, part: Part, rules: RuleSet, limits: Limits = LIMITS) -> list[Verdict]:
    """What a facet found of an event, at first or anew. It may come before the event."""
    found = Found(part.hits, part.seen, part.seen_in_country)
    entry = state.find(part.event)
    if entry is None:
        if 0 < part.at <= state.erased_at:
            return []
        pending = state.pending.get(part.event)
        if pending is None:
            pending = state.pending[part.event] = Pending()
        if not (part.is_late and part.facet in pending.found):
            pending.found[part.facet] = found
        return _judge_ready(state, part.event, rules, limits)
    if part.is_late and part.facet in entry.found:
        return []  # A repeated event that has left the facet's log: what was found at first is right.
    changed_at = merge(entry, part.facet, found)
    if changed_at is None:
        return []
    if all(entry is not kept for kept in state.log):
        return tell(entry, rules, standing(state.labels, entry.observed))
    return judge_from(state, changed_at, rules, limits, (entry,))


def peek(
    state: SubjectState, observed: Observation, parts: Iterable[Part], rules: RuleSet, limits: Limits = LIMITS
) -> Verdict:
    """The live verdict on an event as if it had happened. The state stays as it is."""
    entry = _entry(observed, {part.facet: Found(part.hits, part.seen, part.seen_in_country) for part in parts})
    if observed.at <= state.dropped_at:
        evaluate_apart(state, entry, rules)
    else:
        log = [copy_of(each) for each in state.log if each.observed.identity != observed.identity]
        newest = max(state.newest, observed.at)
        imagined = SubjectState(newest, log, state.profile, state.dropped_at, labels=state.labels)
        insert(log, entry)
        evaluate(imagined, observed.at, rules)
    verdict, _ = with_id(verdict_on(entry, rules, standing(state.labels, observed), "live"), 1, b"")
    return verdict


def erase(state: SubjectState) -> None:
    """Nothing of the account is left, but the time up to which it was erased."""
    erased_at = max(state.newest, state.erased_at)
    empty = SubjectState(newest=erased_at, dropped_at=erased_at, erased_at=erased_at)
    for field in SubjectState.__struct_fields__:
        setattr(state, field, getattr(empty, field))


def judge_from(
    state: SubjectState, changed_at: int, rules: RuleSet, limits: Limits, others: Sequence[Entry] = ()
) -> list[Verdict]:
    """Verdicts that have changed, of the log's events.

    :param changed_at: time of the first event that may be judged differently.
    :param others: events before it that must be told anew as well.
    """
    affected = evaluate(state, changed_at, rules)
    affected = [entry for entry in others if all(entry is not other for other in affected)] + affected
    verdicts = []
    for entry in affected:
        verdicts += tell(entry, rules, standing(state.labels, entry.observed))
    trim(state, rules, limits)
    return verdicts


def _judge_ready(state: SubjectState, identity: str, rules: RuleSet, limits: Limits) -> list[Verdict]:
    pending = state.pending[identity]
    ready = [identity] if pending.observed is not None and pending.found.keys() >= {*pending.expected} else []
    changed: list[int] = []
    apart: list[Entry] = []
    for name in dict.fromkeys([*ready, *overdue(state, rules, limits)]):
        waited = state.pending.pop(name)
        if waited.observed is None:
            continue
        entry = _entry(waited.observed, waited.found)
        changed_at = note_time(state, waited.observed)
        if not waited.is_late or waited.observed.event_id in state.labels:
            changed.append(changed_at)
        if waited.observed.at > state.dropped_at:
            insert(state.log, entry)
        else:
            _judge_apart(state, entry, rules, limits, is_repeated=waited.is_late)
            apart.append(entry)
    if not changed and not apart:
        return []
    return judge_from(state, min(changed, default=state.newest + 1), rules, limits, apart)


def _judge_apart(state: SubjectState, entry: Entry, rules: RuleSet, limits: Limits, *, is_repeated: bool) -> None:
    """An event whose place in the log has been left behind.

    :param is_repeated: it may have been counted before. Else the log went on while it waited, and it counts now.
    """
    evaluate_apart(state, entry, rules)
    if not is_repeated:
        state.profile.fold(entry.observed, is_learnt=entry.is_learnt, is_cleared=entry.is_cleared)
        insert(state.log, entry)
        return
    settle(state, entry, rules)
    bound_settled(state, limits)


def _entry(observed: Observation, found: Mapping[str, Found]) -> Entry:
    entry = Entry(observed)
    for facet, of_facet in found.items():
        merge(entry, facet, of_facet)
    return entry
