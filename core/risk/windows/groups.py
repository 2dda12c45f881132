"""Which events of a log are in one window of a rule."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Generic, TypeAlias, TypeVar

from core.risk.observation import SIMILAR_BITS, Observation
from core.risk.rules.rule_set import WindowRule
from core.risk.windows.window import LogEntry, matches

Group: TypeAlias = tuple[int | None, ...]
"""Values of the group's fields. Similar hashes are not among them, because they are not equal."""
Entry = TypeVar("Entry", bound=LogEntry)


class Groups(Generic[Entry]):
    """A log as one rule sees it. It is valid as long as the log has the same events; hits may change.

    Groups are computed once, when an event that the rule counts ends a window: most rules do not count most events.
    """

    __slots__ = ("_dynamic", "_groups", "_hash", "_log", "_name", "_places", "_rule")

    def __init__(self, log: Sequence[Entry], rule: WindowRule, may_hit: frozenset[str]) -> None:
        """:param may_hit: rules whose hits may be in the log; the others match by the event's content alone."""
        self._log = log
        self._rule = rule
        self._name = rule.rule.name
        self._dynamic = tuple(rule.counts & may_hit)
        self._hash = rule.places[0] if rule.is_similar else None
        self._places = rule.places[1:] if rule.is_similar else rule.places
        self._groups: list[Group | None] | None = None

    def window(self, end: int) -> Sequence[Entry]:
        """The window that ends with an event of the log, in order; empty if the rule does not count that event."""
        last = self._log[end]
        at = last.observed.at
        wanted = self._group(last.observed)
        if wanted is None or not self._counts(last, at):
            return ()
        if self._groups is None:
            self._groups = [self._group(each.observed) for each in self._log]
        begin = bisect_right(self._log, at - self._rule.timespan_ms, 0, end, key=lambda each: each.observed.at)
        pairs = zip(self._log[begin : end + 1], self._groups[begin : end + 1], strict=True)
        members = [each for each, group in pairs if group == wanted]
        if self._hash is not None:
            members = self._similar(members, self._hash, last.observed.values[self._hash] or 0)
        if self._dynamic:
            members = [each for each in members if self._counts(each, at)]
        return members

    def _group(self, observed: Observation) -> Group | None:
        """None for an event that the rule never counts."""
        if observed.excluded and self._name in observed.excluded:
            return None
        if not self._dynamic and self._rule.counts.isdisjoint(observed.matched):
            return None
        values = observed.values
        if self._hash is not None and values[self._hash] is None:
            return None
        group = tuple([values[place] for place in self._places])
        return None if None in group else group

    def _counts(self, entry: Entry, at: int) -> bool:
        if not self._rule.counts.isdisjoint(entry.observed.matched):
            return True
        return any(matches(entry, name, at) for name in self._dynamic)

    @staticmethod
    def _similar(members: Sequence[Entry], place: int, wanted: int) -> list[Entry]:
        return [each for each in members if ((each.observed.values[place] or 0) ^ wanted).bit_count() <= SIMILAR_BITS]
