"""Which events of a log are in one window of a rule."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Generic, TypeAlias, TypeVar

from core.risk.observation import SIMILAR_BITS, Observation
from core.risk.rules.rule_set import WindowRule
from core.risk.windows.window import LogEntry, matches

Group: TypeAlias = tuple[int | None, ...]
Entry = TypeVar("Entry", bound=LogEntry)


class Groups(Generic[Entry]):
    """A log as one rule sees it. It is valid as long as the log has the same events; hits may change.

    Nothing is sorted before an event that the rule counts ends a window, because most rules do not count most events.
    """

    __slots__ = ("_dynamic", "_hash", "_log", "_name", "_places", "_rule", "_sorted")

    def __init__(self, log: Sequence[Entry], rule: WindowRule, may_hit: frozenset[str]) -> None:
        """:param may_hit: rules whose hits may be in the log; the others match by the event's content alone."""
        self._log = log
        self._rule = rule
        self._name = rule.rule.name
        self._dynamic = tuple(rule.counts & may_hit)
        self._hash = rule.places[0] if rule.is_similar else None
        self._places = rule.places[1:] if rule.is_similar else rule.places
        self._sorted: dict[Group, tuple[list[int], list[Entry]]] | None = None

    def window(self, end: int) -> Sequence[Entry]:
        """The window that ends with an event of the log, in order; empty if the rule does not count that event."""
        last = self._log[end]
        observed = last.observed
        if not self._may_count(observed) or not self._counts(last, observed.at):
            return ()
        if self._sorted is None:
            self._sorted = self._sort()
        positions, entries = self._sorted[self._group(observed)]
        to = bisect_right(positions, end)
        members = entries[self._first_after(entries, observed.at - self._rule.timespan_ms, to) : to]
        if self._hash is not None:
            members = self._similar(members, observed.values[self._hash] or 0)
        if self._dynamic:
            members = [each for each in members if self._counts(each, observed.at)]
        return members

    def _sort(self) -> dict[Group, tuple[list[int], list[Entry]]]:
        groups: dict[Group, tuple[list[int], list[Entry]]] = {}
        for position, entry in enumerate(self._log):
            if self._may_count(entry.observed):
                group = self._group(entry.observed)
                if (found := groups.get(group)) is None:
                    found = groups[group] = ([], [])
                found[0].append(position)
                found[1].append(entry)
        return groups

    def _may_count(self, observed: Observation) -> bool:
        if self._name in observed.excluded:
            return False
        if not self._dynamic and self._rule.counts.isdisjoint(observed.matched):
            return False
        values = observed.values
        return all(values[place] is not None for place in self._rule.places)

    def _counts(self, entry: Entry, at: int) -> bool:
        if not self._rule.counts.isdisjoint(entry.observed.matched):
            return True
        return any(matches(entry, name, at) for name in self._dynamic)

    def _group(self, observed: Observation) -> Group:
        values = observed.values
        return tuple(values[place] for place in self._places)

    def _similar(self, members: Sequence[Entry], wanted: int) -> list[Entry]:
        place = self._rule.places[0]
        return [each for each in members if ((each.observed.values[place] or 0) ^ wanted).bit_count() <= SIMILAR_BITS]

    @staticmethod
    def _first_after(entries: Sequence[Entry], at: int, to: int) -> int:
        """Place of the first event that is later than a time."""
        return bisect_right(entries, at, 0, to, key=lambda each: each.observed.at)
