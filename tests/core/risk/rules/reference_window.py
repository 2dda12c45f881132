"""A window as its description says, over a list of observations. Slow and plain: the yardstick for rules."""

from collections import Counter
from collections.abc import Iterable, Sequence

from core.risk.observation import PLACE, SIMILAR_BITS, Observation, ValueField
from core.risk.observe import observe
from core.risk.rules.rule_set import RuleSet, WindowRule
from core.risk.security_event import SecurityEvent


class ReferenceWindow:
    """Of events in order. Those that the rule counts are the events of the window where no rule is named."""

    def __init__(self, events: Sequence[Observation], counted: frozenset[str]) -> None:
        self._events = events
        self._counted = counted

    def _of(self, rule: str) -> list[Observation]:
        names = {rule} if rule else self._counted
        return [event for event in self._events if not names.isdisjoint(event.matched)]

    def _counts(self, field: str, rule: str) -> Counter[int]:
        place = PLACE[_field(field)]
        return Counter(value for event in self._of(rule) if (value := event.values[place]) is not None)

    def count(self, rule: str = "") -> int:
        return len(self._of(rule))

    def distinct(self, field: str, rule: str = "") -> int:
        return len(self._counts(field, rule))

    def most(self, field: str, rule: str = "") -> int:
        return max(self._counts(field, rule).values(), default=0)

    def share(self, field: str, low: int, high: int, rule: str = "") -> float:
        counts = self._counts(field, rule).values()
        return sum(low <= count <= high for count in counts) / len(counts) if counts else 0.0

    def present(self, field: str, rule: str = "") -> float:
        return sum(self._counts(field, rule).values()) / self.count(rule) if self.count(rule) else 0.0

    def lasting(self) -> int:
        return self._of("")[-1].at - self._of("")[0].at


def _field(name: str) -> ValueField:
    return next(field for field in PLACE if field == name)


def window_rule(rules: RuleSet, name: str) -> WindowRule:
    """The correlation of this name, whoever finds it."""
    candidates = (*(each for several in rules.facet_rules.values() for each in several), *rules.subject_rules)
    return next(each for each in candidates if isinstance(each, WindowRule) and each.rule.name == name)


def holding_value(rules: RuleSet, name: str, events: Iterable[SecurityEvent]) -> float | None:
    """What the rule measures in the first window for which it holds; None where it holds for none."""
    rule = window_rule(rules, name)
    observed = [each for each in (observe(event, rules) for event in events) if each is not None]
    wanted = rule.counts | rule.context
    members = sorted(
        (each for each in observed if not wanted.isdisjoint(each.matched) and name not in each.excluded),
        key=lambda each: (each.at, each.event_id),
    )
    for number, last in enumerate(members):
        if rule.counts.isdisjoint(last.matched):
            continue
        window = ReferenceWindow(
            [
                each
                for each in members[: number + 1]
                if each.at > last.at - rule.timespan_ms and _is_one_group(rule, each, last)
            ],
            rule.counts,
        )
        if window.count() and rule.holds(window):
            return rule.measure(window)
    return None


def _is_one_group(rule: WindowRule, one: Observation, other: Observation) -> bool:
    for number, place in enumerate(rule.places):
        first, second = one.values[place], other.values[place]
        if first is None or second is None:
            return False
        if rule.is_similar and number == 0:
            if (first ^ second).bit_count() > SIMILAR_BITS:
                return False
        elif first != second:
            return False
    return True
