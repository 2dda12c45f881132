"""How good verdicts are, measured against the truth. Pure. The definitions: docs/reference/account_security.md."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from assurance.reconciliation.security.history import Judged, LedgerKey
from assurance.reconciliation.security.truth import Intensity, Truth, Truths, truth_of

_GETS_IN = frozenset({"success", "change", "checkout"})
"""Roles of the events by which somebody has an account: to act on a failed sign-in keeps nobody out."""


class KindResult(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of attack or of innocent story. Of an attack only the attackers' events count."""

    kind: str
    intensity: Intensity | None
    is_attack: bool
    scenarios: int
    detected: int
    """Scenarios of which an event was acted on."""
    events: int
    acted_on: int
    """Events that were challenged or denied in some version."""
    acted_on_finally: int
    """Events whose final verdict is challenge or deny."""


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """Ratios are None where nothing can be measured: there was no such event. An event is acted on if any version of
    its live verdict is challenge or deny; what ends with ``_final`` looks at the highest version only.
    """

    precision: float | None
    precision_final: float | None
    recall: float | None
    """Of the attacks above the thresholds."""
    recall_final: float | None
    recall_below: float | None
    """Of the attacks below the thresholds, which no rule promises to find."""
    recall_events: float | None
    """Of the attackers' events in attacks above the thresholds."""
    innocent_challenge_rate: float | None
    innocent_challenge_rate_final: float | None
    innocent_story_challenge_rate: float | None
    """Of the events of innocents who look guilty: ordinary visits and the past of accounts do not thin it out."""
    take_overs: int
    """Accounts that an attack above the thresholds orders with."""
    take_overs_stopped: int
    kinds: list[KindResult]
    unjudged: int
    """Events of the truth without a verdict: they were late or failed, or the stream has ended before them."""
    acted_on_unknown: int
    """Events that were acted on and are not in the truth. No measure has them."""


class _Said(NamedTuple):
    """What the live verdicts say about one event of the truth."""

    truth: Truth
    at: int | None = None
    """None: it has no verdict."""
    acted_at: int | None = None
    is_acted_on_finally: bool = False

    @property
    def is_acted_on(self) -> bool:
        return self.acted_at is not None

    def with_verdicts(self, judged: Judged) -> "_Said":
        """One id may be used for two acts of a subject: then it was acted on if one of them was."""
        times = [at for at in (self.acted_at, judged.acted_at) if at is not None]
        return _Said(
            self.truth,
            judged.at if self.at is None else min(self.at, judged.at),
            min(times, default=None),
            self.is_acted_on_finally or judged.is_acted_on_finally,
        )


_Scenario = Sequence[_Said]
"""Of an attack: the attackers' events."""


def evaluate(truth: Truths, judged: Mapping[LedgerKey, Judged]) -> Evaluation:
    """What has no verdict counts as missed."""
    said, unknown = _said(truth, judged)
    scenarios = _scenarios(said)
    attacks = [each for each in scenarios if each[0].truth.is_attack]
    below = [each for each in attacks if each[0].truth.intensity == "below"]
    above = [each for each in attacks if each[0].truth.intensity != "below"]
    seen = [each for each in said if each.at is not None]
    innocent = [each for each in seen if not each.truth.is_attack]
    stories = [each for events in scenarios if not events[0].truth.is_attack for each in events if each.at is not None]
    taken = [account for events in above for account in _taken(events)]
    return Evaluation(
        precision=_precision(each for each in seen if each.is_acted_on),
        precision_final=_precision(each for each in seen if each.is_acted_on_finally),
        recall=_ratio(_detected(each) for each in above),
        recall_final=_ratio(any(event.is_acted_on_finally for event in each) for each in above),
        recall_below=_ratio(_detected(each) for each in below),
        recall_events=_ratio(event.is_acted_on for each in above for event in each),
        innocent_challenge_rate=_ratio(each.is_acted_on for each in innocent),
        innocent_challenge_rate_final=_ratio(each.is_acted_on_finally for each in innocent),
        innocent_story_challenge_rate=_ratio(each.is_acted_on for each in stories),
        take_overs=len(taken),
        take_overs_stopped=sum(map(_stopped, taken)),
        kinds=_kinds(scenarios),
        unjudged=len(said) - len(seen),
        acted_on_unknown=unknown,
    )


def _said(truth: Truths, judged: Mapping[LedgerKey, Judged]) -> tuple[list[_Said], int]:
    """About each event of the truth; and how many other events were acted on."""
    found = {(each.event_id, each.subject): _Said(each) for each in truth.values()}
    unknown = 0
    for key, verdicts in judged.items():
        known = truth_of(truth, key.event_id, verdicts.final.subject_id)
        if known is None:
            unknown += verdicts.acted_at is not None
        else:
            identity = known.event_id, known.subject
            found[identity] = found[identity].with_verdicts(verdicts)
    return list(found.values()), unknown


def _scenarios(said: Iterable[_Said]) -> list[_Scenario]:
    """A scenario is an attack if any of its events is: what its victim does is then no part of it."""
    found: dict[str, list[_Said]] = {}
    for each in said:
        if each.truth.scenario is not None:
            found.setdefault(each.truth.scenario, []).append(each)
    return [[each for each in events if each.truth.is_attack] or events for events in found.values()]


def _detected(events: _Scenario) -> bool:
    return any(each.is_acted_on for each in events)


def _taken(attack: _Scenario) -> list[_Scenario]:
    """The attackers' events of each account that they order with."""
    accounts: dict[str | None, list[_Said]] = {}
    for each in attack:
        accounts.setdefault(each.truth.subject, []).append(each)
    return [events for events in accounts.values() if any(each.truth.role == "checkout" for each in events)]


def _stopped(events: _Scenario) -> bool:
    """Whether it was known at the time of the first order, by that event's own verdict at the latest. An order without
    a verdict was not stopped.
    """
    orders = [each.at for each in events if each.truth.role == "checkout"]
    known = [at for at in orders if at is not None]
    if len(known) < len(orders):
        return False
    acted = [each.acted_at for each in events if each.truth.role in _GETS_IN]
    return any(at is not None and at <= min(known) for at in acted)


def _kinds(scenarios: Iterable[_Scenario]) -> list[KindResult]:
    groups: dict[tuple[bool, str, Intensity | None], list[_Scenario]] = {}
    for events in scenarios:
        first = events[0].truth
        groups.setdefault((first.is_attack, first.kind or "?", first.intensity), []).append(events)
    ordered = sorted(groups.items(), key=lambda each: (not each[0][0], each[0][1], each[0][2] or ""))
    return [
        KindResult(
            kind=kind,
            intensity=intensity,
            is_attack=is_attack,
            scenarios=len(group),
            detected=sum(map(_detected, group)),
            events=sum(map(len, group)),
            acted_on=sum(each.is_acted_on for events in group for each in events),
            acted_on_finally=sum(each.is_acted_on_finally for events in group for each in events),
        )
        for (is_attack, kind, intensity), group in ordered
    ]


def _precision(acted_on: Iterable[_Said]) -> float | None:
    """Attacks below the thresholds are attacks, too: to act on them is right."""
    return _ratio(each.truth.is_attack for each in acted_on)


def _ratio(found: Iterable[bool]) -> float | None:
    values = list(found)
    return round(sum(values) / len(values), 4) if values else None
