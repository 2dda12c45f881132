"""Evaluates the account's rules over its log, from a time on."""

from bisect import insort
from collections.abc import Mapping
from math import isfinite

import msgspec

from core.risk.observation import Hit
from core.risk.rules.known_names import SIGN_IN_SUCCEEDED, UNREMEMBERED_NETWORK
from core.risk.rules.rule_set import HabitRule, RuleSet, WindowRule
from core.risk.subject.habits import habits, is_learning
from core.risk.subject.labels import standing
from core.risk.subject.likelihood import likelihood
from core.risk.subject.profile import Profile
from core.risk.subject.state import Entry, Found, SubjectState
from core.risk.subject.verdicts import is_trusted
from core.risk.windows.evaluation import Evaluation


def evaluate(state: SubjectState, changed_at: int, rules: RuleSet) -> list[Entry]:
    """Brings hits, and what is learnt, up to date.

    :param changed_at: time of the first event that may be judged differently.
    :return: the events that may be judged differently, in order.
    """
    log, labels = state.log, state.labels
    if labels:
        for entry in log:
            entry.is_cleared = standing(labels, entry.observed).is_innocent
    evaluation = Evaluation(log, rules.subject_windows, rules.beyond_content, state.dropped_at)
    known = state.judged_for_good()
    first = max(evaluation.begin(changed_at), known)
    profile = state.profile.copy()
    for entry in log[known:first]:
        profile.fold(entry.observed, is_learnt=entry.is_learnt, is_cleared=entry.is_cleared)
    for place in range(first, len(log)):
        entry = log[place]
        _judge(entry, place, profile, rules, evaluation)
        entry.is_learnt = is_learnable(entry) and is_trusted(entry, rules, standing(labels, entry.observed))
        profile.fold(entry.observed, is_learnt=entry.is_learnt, is_cleared=entry.is_cleared)
    later = {id(entry) for entry in log[first:]}
    earlier = {id(entry) for entry in evaluation.changed()} - later
    return [entry for entry in log if id(entry) in earlier or id(entry) in later]


def evaluate_apart(state: SubjectState, entry: Entry, rules: RuleSet) -> None:
    """Gives an event its hits as far as the state still tells what was before it. The state stays as it is."""
    before = [copy_of(each) for each in state.log if position(each) < position(entry)]
    apart = SubjectState(state.newest, [*before, entry], state.profile, entry.observed.at - 1, labels=state.labels)
    evaluate(apart, entry.observed.at, rules)


def insert(log: list[Entry], entry: Entry) -> None:
    insort(log, entry, key=position)


def position(entry: Entry) -> tuple[int, str]:
    """In the order of the log."""
    return entry.observed.at, entry.observed.identity


def copy_of(entry: Entry) -> Entry:
    """Its hits can change without those of the entry."""
    return msgspec.structs.replace(entry, hits=dict(entry.hits))


def is_learnable(entry: Entry) -> bool:
    matched = entry.observed.matched
    return SIGN_IN_SUCCEEDED in matched and UNREMEMBERED_NETWORK not in matched


def _judge(entry: Entry, place: int, profile: Profile, rules: RuleSet, evaluation: Evaluation[Entry]) -> None:
    observed, hits = entry.observed, entry.hits
    for habit_rule in rules.subject_habits:
        hits.pop(habit_rule.rule.name, None)
    entry.is_learning = is_learning(profile, observed.at)
    entry.likelihood = likelihood(profile, observed, entry.found)
    facts = _facts(entry, profile, rules)
    for rule in rules.subject_rules:
        name = rule.rule.name
        if isinstance(rule, WindowRule):
            evaluation.end_window(place, rule)
            hit = hits.get(name)
            facts[name] = hit is not None and hit.since <= observed.at
            continue
        facts[name] = holds = name not in observed.excluded and rule.holds(facts)
        if holds:
            hits[name] = Hit(name, observed.at, _measured(rule, facts))


def _measured(rule: HabitRule, facts: Mapping[str, object]) -> float | None:
    """As a float: an integer would be written in other bytes before the state is packed than after."""
    value = None if rule.measure is None else rule.measure(facts)
    try:
        value = None if value is None else float(value)
    except OverflowError:
        return None
    return value if value is None or isfinite(value) else None


def _facts(entry: Entry, profile: Profile, rules: RuleSet) -> dict[str, object]:
    """Name in a condition → value, by what is known at the event's time."""
    observed = entry.observed
    facts: dict[str, object] = dict.fromkeys(rules.rules, False)
    for name in observed.matched:
        facts[name] = name not in observed.excluded
    for name, hit in entry.hits.items():
        if hit.since <= observed.at:
            facts[name] = True
    facts.update(habits(profile, observed, entry.likelihood))
    return facts


def merge(entry: Entry, facet: str, found: Found) -> int | None:
    """Takes what a facet found anew.

    :return: time from which on events may be judged differently by it; None: it is what was known.
    """
    known, at = entry.found.get(facet), entry.observed.at
    entry.found[facet] = found
    if known is None:
        known, changed = Found(), at
    elif known == found:
        return None
    elif (known.seen, known.seen_in_country) != (found.seen, found.seen_in_country):
        changed = at
    else:
        changed = max(at, min(hit.since for hit in {*known.hits} ^ {*found.hits}))
    for name in {hit.rule for hit in known.hits + found.hits}:
        # A similar text has up to four facets with the same rule.
        same = [hit for part in entry.found.values() for hit in part.hits if hit.rule == name]
        if same:
            entry.hits[name] = min(same, key=lambda hit: (hit.since, -(hit.value or 0)))
        else:
            entry.hits.pop(name, None)
    return changed
