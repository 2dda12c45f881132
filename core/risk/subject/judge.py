"""The account's part of the work: takes an event, what facets found of it, and labels, and gives the verdicts.

The state is changed in place. The last verdict told on an event is a function of the set of events, parts and labels,
whatever the order in which they came (within :class:`core.risk.subject.limits.Limits`); only the number of its version,
and what it supersedes, are not. The parts of one facet on one event must come in the facet's order.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from contracts.security.verdicts import Verdict
from core.risk.observation import Observation, Part
from core.risk.rules.rule_set import RuleSet
from core.risk.subject.evaluation import evaluate, merge
from core.risk.subject.labels import note_time, standing
from core.risk.subject.limits import LIMITS, Limits
from core.risk.subject.retention import overdue, trim
from core.risk.subject.state import Entry, Found, Pending, SubjectState
from core.risk.subject.verdicts import tell, verdict_on, with_id


def open_event(
    state: SubjectState, observed: Observation, expected: Sequence[str], rules: RuleSet, limits: Limits = LIMITS
) -> list[Verdict]:
    """An event of the account.

    :param expected: keys of the facets that are asked; the verdict waits for their parts.
    """
    event_id = observed.event_id
    pending = state.pending.get(event_id)
    is_known = pending is not None and pending.observed is not None
    if is_known or find(state, event_id) is not None or state.profile.knows(event_id):
        return []
    state.newest = max(state.newest, observed.at)
    for waiting in state.pending.values():
        waiting.since = waiting.since or state.newest
    found = {} if pending is None else pending.found
    state.pending[event_id] = Pending(observed, list(expected), found, state.newest)
    return _judge_ready(state, event_id, rules, limits)


def take_part(state: SubjectState, part: Part, rules: RuleSet, limits: Limits = LIMITS) -> list[Verdict]:
    """What a facet found of an event, at first or anew. It may come before the event."""
    found = Found(part.hits, part.seen, part.seen_in_country)
    entry = find(state, part.event_id)
    if entry is None:
        pending = state.pending.get(part.event_id)
        if pending is None:
            pending = state.pending[part.event_id] = Pending()
        if not (part.is_late and part.facet in pending.found):
            pending.found[part.facet] = found
        return _judge_ready(state, part.event_id, rules, limits)
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
    log = [_copy(entry) for entry in state.log if entry.observed.event_id != observed.event_id]
    imagined = SubjectState(
        max(state.newest, observed.at), log, state.profile, state.dropped_at, labels=dict(state.labels)
    )
    entry = Entry(observed)
    for part in parts:
        merge(entry, part.facet, Found(part.hits, part.seen, part.seen_in_country))
    _insert(imagined, entry)
    evaluate(imagined, observed.at, rules)
    verdict, _ = with_id(verdict_on(entry, rules, standing(imagined.labels, observed), "live"), 1, b"")
    return verdict


def erase(state: SubjectState) -> None:
    """Nothing of the account is left."""
    empty = SubjectState()
    for field in SubjectState.__struct_fields__:
        setattr(state, field, getattr(empty, field))


def find(state: SubjectState, event_id: str) -> Entry | None:
    """An event that is kept."""
    for entries in (state.log, state.settled):
        for entry in entries:
            if entry.observed.event_id == event_id:
                return entry
    return None


def judge_from(
    state: SubjectState, changed_at: int, rules: RuleSet, limits: Limits, others: Sequence[Entry] = ()
) -> list[Verdict]:
    """Verdicts that have changed, of the log's events.

    :param changed_at: time of the first event that may be judged differently.
    :param others: events before it that must be told anew as well.
    """
    affected = evaluate(state, changed_at, rules)
    affected += [entry for entry in others if all(entry is not other for other in affected)]
    verdicts = []
    for entry in affected:
        verdicts += tell(entry, rules, standing(state.labels, entry.observed))
    trim(state, rules, limits)
    return verdicts


def _judge_ready(state: SubjectState, event_id: str, rules: RuleSet, limits: Limits) -> list[Verdict]:
    pending = state.pending[event_id]
    ready = [event_id] if pending.observed is not None and pending.found.keys() >= {*pending.expected} else []
    changed: list[int] = []
    for name in dict.fromkeys([*ready, *overdue(state, limits)]):
        waited = state.pending.pop(name)
        if waited.observed is None:
            continue
        entry = Entry(waited.observed)
        for facet, found in waited.found.items():
            merge(entry, facet, found)
        _insert(state, entry)
        changed.append(note_time(state, waited.observed))
    return judge_from(state, min(changed), rules, limits) if changed else []


def _insert(state: SubjectState, entry: Entry) -> None:
    observed = entry.observed
    place = bisect_left(
        state.log, (observed.at, observed.event_id), key=lambda each: (each.observed.at, each.observed.event_id)
    )
    state.log.insert(place, entry)


def _copy(entry: Entry) -> Entry:
    return Entry(entry.observed, entry.found, dict(entry.hits), entry.is_learnt, entry.is_learning, entry.likelihood)
