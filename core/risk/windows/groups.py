"""Which events of a log are in one window of a rule."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Generic, TypeAlias, TypeVar

from core.risk.observation import SIMILAR_BITS, Observation
from core.risk.rules.rule_set import WindowRule
from core.risk.windows.window import LogEntry

Group: TypeAlias = int | tuple[int | None, ...]
"""Value of the group's field, or values of several. Similar hashes are not among them, because they are not equal."""
Entry = TypeVar("Entry", bound=LogEntry)


class Groups(Generic[Entry]):
    """A log as one rule sees it. It is valid as long as the log has the same events; hits may change.

    Groups are computed once, from the begin of the first window that ends with an event that the rule counts: most
    rules do not count most events, and most windows are much shorter than the log.
    """

    __slots__ = ("_dynamic", "_first", "_groups", "_hash", "_log", "_name", "_places", "_rule")

    def __init__(self, log: Sequence[Entry], rule: WindowRule, may_hit: frozenset[str]) -> None:
        """:param may_hit: rules whose hits may be in the log; the others match by the event's content alone."""
        self._log = log
        self._rule = rule
        self._name = rule.rule.name
        self._dynamic = rule.counts & may_hit
        self._hash = rule.places[0] if rule.is_similar else None
        self._places = rule.places[1:] if rule.is_similar else rule.places
        self._first = len(log)
        self._groups: list[Group | None] = []
        """Of the log's events from ``_first`` on."""

    def window(self, end: int) -> Sequence[Entry]:
        """The window that ends with an event of the log, in order; empty if the rule does not count that event."""
        last = self._log[end]
        at = last.observed.at
        [wanted] = self._of((last,))
        if wanted is None or not self._counted((last,), at):
            return ()
        begin = bisect_right(self._log, at - self._rule.timespan_ms, 0, end, key=lambda each: each.observed.at)
        if begin < self._first:
            self._groups[:0] = self._of(self._log[begin : self._first])
            self._first = begin
        groups = self._groups[begin - self._first : end + 1 - self._first]
        members = [each for each, group in zip(self._log[begin : end + 1], groups, strict=True) if group == wanted]
        if self._hash is not None:
            members = self._similar(members, self._hash, last.observed.values[self._hash] or 0)
        return self._counted(members, at) if self._dynamic else members

    def _of(self, entries: Sequence[Entry]) -> list[Group | None]:
        """Their groups. None for an event that the rule never counts.

        All are looked at together, in plain loops: an attacked account has hundreds of events, and each of its rules
        looks at them for each event that comes.
        """
        events = [each.observed for each in entries]
        if len(self._places) == 1:
            place = self._places[0]
            groups: list[Group | None] = [each.values[place] for each in events]
        else:
            groups = [self._several(each) for each in events]
        if self._hash is not None:
            place = self._hash
            groups = [None if each.values[place] is None else group for each, group in zip(events, groups, strict=True)]
        if not self._dynamic:
            counts = self._rule.counts
            groups = [
                None if counts.isdisjoint(each.matched) else group for each, group in zip(events, groups, strict=True)
            ]
        if any([each.excluded for each in events]):
            name = self._name
            groups = [None if name in each.excluded else group for each, group in zip(events, groups, strict=True)]
        return groups

    def _several(self, observed: Observation) -> Group | None:
        group = tuple([observed.values[place] for place in self._places])
        return None if None in group else group

    def _counted(self, entries: Sequence[Entry], at: int) -> list[Entry]:
        """Those that match a name that the rule counts, by :func:`core.risk.windows.window.matches`."""
        counts, dynamic = self._rule.counts, self._dynamic
        return [
            each
            for each in entries
            if not counts.isdisjoint(each.observed.matched)
            or (not dynamic.isdisjoint(each.hits) and self._has_hit(each, at))
        ]

    def _has_hit(self, entry: Entry, at: int) -> bool:
        for name in self._dynamic:
            hit = entry.hits.get(name)
            if hit is not None and hit.since <= at:
                return True
        return False

    @staticmethod
    def _similar(members: Sequence[Entry], place: int, wanted: int) -> list[Entry]:
        return [each for each in members if ((each.observed.values[place] or 0) ^ wanted).bit_count() <= SIMILAR_BITS]
