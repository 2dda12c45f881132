"""How good verdicts are, measured against the truth. Pure. The definitions: docs/reference/account_security.md."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from assurance.reconciliation.security.history import Judged
from assurance.reconciliation.security.truth import Intensity, Truth


class KindResult(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of attack or of innocent story."""

    kind: str
    intensity: Intensity | None
    is_attack: bool
    scenarios: int
    detected: int
    """Scenarios of which an event was challenged or denied in some version."""
    events: int
    acted_on: int
    """Events whose final verdict is challenge or deny."""


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """Ratios are None where nothing can be measured: there was no such event."""

    precision: float | None
    recall: float | None
    """Of the attacks above the thresholds."""
    recall_events: float | None
    """Of these attacks' events, by their final verdicts."""
    innocent_challenge_rate: float | None
    take_overs: int
    """Attacks above the thresholds that go as far as a checkout."""
    take_overs_stopped: int
    kinds: list[KindResult]
    unjudged: int
    """Events of the truth without a verdict: they were late or failed, or the stream has ended before them."""


def evaluate(truth: Mapping[str, Truth], judged: Mapping[str, Judged]) -> Evaluation:
    """Events without a verdict are left out, and scenarios of which no event has one."""
    known = {event_id: each for event_id, each in truth.items() if event_id in judged}
    scenarios = _scenarios(known.values())
    above = [each for each in scenarios.values() if each[0].intensity == "above" and _is_attack(each)]
    ever = {event_id for event_id, each in judged.items() if each.acted_at is not None}
    acted = [event_id for event_id, each in judged.items() if each.is_acted_on and event_id in known]
    of_attacks = {each.event_id for events in scenarios.values() if _is_attack(events) for each in events}
    events_above = [each.event_id for events in above for each in events if each.is_attack]
    innocent = [event_id for event_id, each in known.items() if not each.is_attack]
    with_checkout = [each for each in above if any(event.role == "checkout" for event in each)]
    return Evaluation(
        precision=_ratio(sum(event_id in of_attacks for event_id in acted), len(acted)),
        recall=_ratio(sum(_detected(events, ever) for events in above), len(above)),
        recall_events=_ratio(sum(judged[event_id].is_acted_on for event_id in events_above), len(events_above)),
        innocent_challenge_rate=_ratio(sum(event_id in ever for event_id in innocent), len(innocent)),
        take_overs=len(with_checkout),
        take_overs_stopped=sum(_stopped(events, judged) for events in with_checkout),
        kinds=_kinds(scenarios, judged, ever),
        unjudged=len(truth) - len(known),
    )


def _scenarios(events: Iterable[Truth]) -> dict[str, list[Truth]]:
    found: dict[str, list[Truth]] = {}
    for each in events:
        if each.scenario is not None:
            found.setdefault(each.scenario, []).append(each)
    return found


def _is_attack(events: Sequence[Truth]) -> bool:
    """A scenario is an attack if any of its events is: a victim's own sign-ins may be among them."""
    return any(each.is_attack for each in events)


def _detected(events: Sequence[Truth], ever: set[str]) -> bool:
    return any(each.event_id in ever for each in events)


def _stopped(events: Sequence[Truth], judged: Mapping[str, Judged]) -> bool:
    """Whether it was known at the time of the first checkout, by that event's own verdict at the latest."""
    checkout = min(judged[each.event_id].at for each in events if each.role == "checkout")
    known = [judged[each.event_id].acted_at for each in events]
    return any(at is not None and at <= checkout for at in known)


def _kinds(scenarios: Mapping[str, list[Truth]], judged: Mapping[str, Judged], ever: set[str]) -> list[KindResult]:
    groups: dict[tuple[bool, str, Intensity | None], list[list[Truth]]] = {}
    for events in scenarios.values():
        first = events[0]
        groups.setdefault((_is_attack(events), first.kind or "?", first.intensity), []).append(events)
    ordered = sorted(groups.items(), key=lambda each: (not each[0][0], each[0][1], each[0][2] or ""))
    return [
        KindResult(
            kind=kind,
            intensity=intensity,
            is_attack=is_attack,
            scenarios=len(group),
            detected=sum(_detected(events, ever) for events in group),
            events=sum(map(len, group)),
            acted_on=sum(judged[each.event_id].is_acted_on for events in group for each in events),
        )
        for (is_attack, kind, intensity), group in ordered
    ]


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
