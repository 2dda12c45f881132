"""One value's log: takes an event, and tells the subjects of the events for which it changes something."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from core.risk.facets.bounds import class_of, drop, has_left, is_too_late
from core.risk.facets.limits import FacetLimits
from core.risk.facets.seen import count_sign_in, seen_before
from core.risk.facets.state import FacetEntry, FacetState
from core.risk.observation import Observation, Part
from core.risk.rules.facet_keys import Facet, facet_of_key
from core.risk.rules.rule_set import RuleSet, WindowRule
from core.risk.windows.evaluation import Evaluation

DEFAULT_LIMITS = FacetLimits()


@dataclass(frozen=True, slots=True)
class Told:
    subject_key: str
    """Of the subject whose event it is."""
    part: Part


def add(
    state: FacetState, key: str, observed: Observation, rules: RuleSet, limits: FacetLimits = DEFAULT_LIMITS
) -> list[Told]:
    """Adds an event that :meth:`RuleSet.facets_of` sends to this facet.

    :return: the event's part first, also of an event that is in the log already: its subject may wait for it again.
        Then the parts of other events that changed. The hits of a rule that the rule set does not have any more are
        dropped without being told, because the subject drops them as well; but not if the state has seen a newer rule
        set (:attr:`FacetState.rules_number`).
    """
    if known := _entry_of(state, observed):
        return [Told(observed.subject_key, _part(key, known))]
    facet = facet_of_key(key)
    seen = seen_before(state.seen, observed, limits)
    count_sign_in(state.seen, facet, observed, limits)
    entry = FacetEntry(observed.for_facets(), {}, seen.total)
    changed = _added(state, entry, facet, rules, limits)
    part = _part(key, entry, seen.in_country, seen.is_late or changed is None)
    others = [each for each in changed or () if each is not entry]
    return [Told(observed.subject_key, part), *(Told(each.observed.subject_key, _part(key, each)) for each in others)]


def peek(
    state: FacetState, key: str, observed: Observation, rules: RuleSet, limits: FacetLimits = DEFAULT_LIMITS
) -> Part:
    """The part that the event would have if it came now; of an event in the log, the part that it has. The state stays
    as it is.

    Whoever asks names the id and the time himself. An event of the same id and another time is another one here, so
    that nobody gets the answer of an old event on a new one.
    """
    known = _entry_of(state, observed)
    if known is not None and known.observed.at == observed.at:
        return _part(key, known)
    seen = seen_before(state.seen, observed, limits)
    entry = FacetEntry(observed, {}, seen.total)
    copied = [FacetEntry(each.observed, dict(each.hits), each.seen, each.kind) for each in state.log]
    copy = FacetState(copied, state.dropped_at, dict(state.dropped), rules_number=state.rules_number)
    changed = _added(copy, entry, facet_of_key(key), rules, limits)
    return _part(key, entry, seen.in_country, seen.is_late or changed is None)


def _entry_of(state: FacetState, observed: Observation) -> FacetEntry | None:
    event_id, flow, subject_key = observed.event_id, observed.flow, observed.subject_key
    for each in state.log:
        other = each.observed
        if other.event_id == event_id and other.flow == flow and other.subject_key == subject_key:
            return each
    return None


def _added(
    state: FacetState, entry: FacetEntry, facet: Facet, rules: RuleSet, limits: FacetLimits
) -> list[FacetEntry] | None:
    """The events whose hits changed; None if the event came too late for the log."""
    window_rules = rules.facet_rules.get(facet, ())
    kind = class_of(entry.observed, window_rules)
    if kind is None:
        return []
    entry.kind = kind
    if is_too_late(state, entry, window_rules, limits):
        return None
    state.log.insert(bisect_left(state.log, entry.key, key=lambda each: each.key), entry)
    drop(state, window_rules, limits)
    names = frozenset(rule.rule.name for rule in window_rules)
    if rules.number >= state.rules_number:
        state.rules_number = rules.number
        _forget_other_rules(state, names)
    changed = _evaluated(state, window_rules, names, entry.observed.at)
    return None if has_left(state, entry) else changed


def _forget_other_rules(state: FacetState, names: frozenset[str]) -> None:
    for entry in state.log:
        if entry.hits and not entry.hits.keys() <= names:
            for name in entry.hits.keys() - names:
                del entry.hits[name]


def _evaluated(
    state: FacetState, rules: Sequence[WindowRule], names: frozenset[str], changed_at: int
) -> list[FacetEntry]:
    """The events whose hits changed.

    :param names: of the rules.
    """
    evaluation = Evaluation(state.log, rules, names, state.dropped_at)
    for end in range(evaluation.begin(changed_at), len(state.log)):
        for rule in rules:
            evaluation.end_window(end, rule)
    return evaluation.changed()


def _part(key: str, entry: FacetEntry, in_country: int = 0, is_late: bool = False) -> Part:
    hits = tuple(hit for _, hit in sorted(entry.hits.items()))
    return Part(entry.observed.identity, key, hits, entry.seen, in_country, is_late, entry.observed.at)
