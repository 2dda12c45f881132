"""Rules made by hand, observations, and the literal definition of which event has which hit."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from contracts.security.verdicts import Flow
from core.risk.observation import (
    PLACE,
    SIMILAR_BITS,
    SIMILAR_FIELDS,
    VALUE_FIELDS,
    Hit,
    Observation,
    ValueField,
    subject_key_of,
)
from core.risk.rules.model import Correlation, CorrelationType, Rule
from core.risk.rules.rule_set import Window, WindowRule

FLOWS: frozenset[Flow] = frozenset({"sign_in"})


def _number(window: Window) -> float:
    return float(window.count())


def _always(_: Window) -> bool:
    return True


def window_rule(
    name: str,
    counts: Sequence[str],
    group_by: Sequence[ValueField],
    timespan_ms: int,
    *,
    kind: CorrelationType = "event_count",
    holds: Callable[[Window], bool] = _always,
    measure: Callable[[Window], float] = _number,
    context: Sequence[str] = (),
) -> WindowRule:
    rule = Rule(
        name=name, title=name, description="", version=1, mode="live", severity="high", weight=0.73, flows=FLOWS,
        correlation=Correlation(
            type=kind, rules=tuple(counts), context=tuple(context), group_by=tuple(group_by), timespan_ms=timespan_ms
        ),
        file="by_hand.yml", line=1,
    )  # fmt: skip
    places = tuple(PLACE[each] for each in group_by)
    is_similar = group_by[0] in SIMILAR_FIELDS
    return WindowRule(rule, frozenset(counts), places, is_similar, timespan_ms, holds, measure, frozenset(context))


def observation(
    event_id: str,
    at: int,
    matched: Sequence[str] = (),
    excluded: Sequence[str] = (),
    *,
    values: Mapping[ValueField, int | None] | None = None,
    flow: Flow = "sign_in",
) -> Observation:
    given = values or {}
    of_event = tuple(given.get(name) for name in VALUE_FIELDS)
    subject_id = f"u{given.get('user_id')}"
    return Observation(
        event_id, at, flow, "user", subject_id, tuple(matched), tuple(excluded), of_event,
        subject_key=subject_key_of("user", subject_id),
    )  # fmt: skip


@dataclass
class Entry:
    observed: Observation
    hits: dict[str, Hit] = field(default_factory=dict)
    is_cleared: bool = False


@dataclass
class PlainWindow:
    """The functions of conditions, each computed from the events whenever it is asked for."""

    events: list[Observation]
    matching: Callable[[Observation, str], bool]
    counted: Sequence[str] = ()
    """Rules whose events are those of the window where no rule is named; empty: any event."""

    def count(self, rule: str = "") -> int:
        return len(self._of(rule))

    def _of(self, rule: str) -> list[Observation]:
        if not rule and not self.counted:
            return self.events
        return [
            each
            for each in self.events
            if any(self.matching(each, name) for name in ([rule] if rule else self.counted))
        ]

    def _values(self, name: str, rule: str) -> list[int]:
        values = [dict(zip(VALUE_FIELDS, each.values, strict=True))[name] for each in self._of(rule)]  # type: ignore[index]
        return [value for value in values if value is not None]

    def distinct(self, field: str, rule: str = "") -> int:
        return len(set(self._values(field, rule)))

    def most(self, field: str, rule: str = "") -> int:
        return max([self._values(field, rule).count(value) for value in self._values(field, rule)], default=0)

    def share(self, field: str, low: int, high: int, rule: str = "") -> float:
        numbers = Counter(self._values(field, rule)).values()
        return len([number for number in numbers if low <= number <= high]) / len(numbers) if numbers else 0.0

    def present(self, field: str, rule: str = "") -> float:
        events = self._of(rule)
        return len(self._values(field, rule)) / len(events) if events else 0.0

    def lasting(self) -> int:
        return max(each.at for each in self._of("")) - min(each.at for each in self._of(""))


def hits_by_definition(
    events: Sequence[Observation], rules: Sequence[WindowRule], found: Mapping[str, Mapping[str, Hit]] | None = None
) -> dict[str, dict[str, Hit]]:
    """Event (:func:`key_of`) → rule → hit, from all events at once, by looking at every pair of them.

    :param found: hits that other logs found.
    """
    ordered = sorted({key_of(each): each for each in events}.values(), key=_order)
    hits: dict[str, dict[str, Hit]] = {key_of(each): dict((found or {}).get(key_of(each), {})) for each in ordered}
    for last in ordered:
        for rule in rules:
            _window_by_definition(ordered, last, rule, hits)
    return hits


def key_of(event: Observation) -> str:
    """Of an event among those of all subjects."""
    return f"{event.subject_key} {event.flow}:{event.event_id}"


def _order(event: Observation) -> tuple[int, str]:
    return event.at, key_of(event)


def _window_by_definition(
    ordered: Sequence[Observation], last: Observation, rule: WindowRule, hits: dict[str, dict[str, Hit]]
) -> None:
    correlation, name = rule.rule.correlation, rule.rule.name
    assert correlation

    def is_match(event: Observation, wanted: str) -> bool:
        hit = hits[key_of(event)].get(wanted)
        return wanted in event.matched or (hit is not None and hit.since <= last.at)

    def is_of(event: Observation, rules: Sequence[str]) -> bool:
        has_group = all(event.values[PLACE[each]] is not None for each in correlation.group_by)
        return has_group and name not in event.excluded and any(is_match(event, each) for each in rules)

    def is_same(event: Observation) -> bool:
        pairs = [(each, event.values[PLACE[each]], last.values[PLACE[each]]) for each in correlation.group_by]
        return all(
            bin((one or 0) ^ (other or 0)).count("1") <= SIMILAR_BITS if each in SIMILAR_FIELDS else one == other
            for each, one, other in pairs
        )

    if not is_of(last, correlation.rules):
        return
    members = correlation.rules + correlation.context
    until = [each for each in ordered if _order(each) <= _order(last)]
    window = [each for each in until if each.at > last.at - rule.timespan_ms and is_of(each, members) and is_same(each)]
    plain = PlainWindow(window, is_match, correlation.rules)
    hit = Hit(name, last.at, rule.measure(plain))
    if correlation.type == "temporal":
        if all(any(is_match(each, wanted) for each in window) for wanted in correlation.rules):
            hits[key_of(last)].setdefault(name, hit)
    elif correlation.type == "temporal_ordered":
        if is_match(last, correlation.rules[-1]) and _one_after_another(window[:-1], correlation.rules[:-1], is_match):
            hits[key_of(last)].setdefault(name, hit)
    elif rule.holds(plain):
        for each in [each for each in window if is_of(each, correlation.rules)]:
            hits[key_of(each)].setdefault(name, hit)


def _one_after_another(
    events: Sequence[Observation], names: Sequence[str], is_match: Callable[[Observation, str], bool]
) -> bool:
    if not names:
        return True
    return any(
        is_match(each, names[0]) and _one_after_another(events[place + 1 :], names[1:], is_match)
        for place, each in enumerate(events)
    )
