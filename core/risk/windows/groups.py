"""Which events of a log are in one window of a rule."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Generic, NamedTuple, TypeAlias, TypeVar

from core.risk.observation import SIMILAR_BITS, Values
from core.risk.rules.rule_set import WindowRule
from core.risk.windows.window import LogEntry, matches

Group: TypeAlias = object
"""The value of the group's field, or a tuple of them. Similar hashes are not among them, because they are not equal."""
Entry = TypeVar("Entry", bound=LogEntry)
_ONE_GROUP = True


class Members(NamedTuple, Generic[Entry]):
    counted: Sequence[Entry]
    """In order; the last one ends the window."""
    all: Sequence[Entry]
    """With those of the rule's context. The same object without any."""


class Groups(Generic[Entry]):
    """A log as one rule sees it. It is valid as long as the log has the same events; hits may change.

    An event's group is looked up once, and only for events within the timespan of a window that is asked for: most
    rules do not count most events, and a full log reaches back further than most rules.
    """

    __slots__ = ("_dynamic", "_first", "_group", "_groups", "_hash", "_log", "_name", "_rule", "_wanted")

    def __init__(self, log: Sequence[Entry], rule: WindowRule, may_hit: frozenset[str]) -> None:
        """:param may_hit: rules whose hits may be in the log; the others match by the event's content alone."""
        self._log = log
        self._rule = rule
        self._name = rule.rule.name
        self._wanted = rule.counts | rule.context if rule.context else rule.counts
        self._dynamic = tuple(self._wanted & may_hit)
        self._hash = rule.places[0] if rule.is_similar else None
        places = rule.places[1:] if rule.is_similar else rule.places
        self._group: Callable[[Values], Group] = itemgetter(*places) if places else _one_group
        self._first = 0
        self._groups: list[Group] = []
        """Of the log's events from the first one on; None for an event that is in no window of the rule."""

    def window(self, end: int) -> Members[Entry] | None:
        """The window that ends with an event of the log; None if the rule does not count that event.

        Call it in ascending order of places.
        """
        log, last, counts = self._log, self._log[end], self._rule.counts
        at, values = last.observed.at, last.observed.values
        if self._name in last.observed.excluded or any(values[place] is None for place in self._rule.places):
            return None
        if counts.isdisjoint(last.observed.matched) and not _has_hit(last, counts, at):
            return None
        begin = bisect_right(log, at - self._rule.timespan_ms, 0, end, key=_time)
        self._look_up(begin, end)
        wanted = self._group(values)
        groups = self._groups[begin - self._first :]
        members = [each for each, group in zip(log[begin : end + 1], groups, strict=True) if group == wanted]
        if self._hash is not None:
            members = _similar(members, self._hash, values[self._hash] or 0)
        if self._dynamic:
            members = self._of_any(members, self._wanted, at)
        return Members(self._of_any(members, counts, at) if self._rule.context else members, members)

    def _look_up(self, begin: int, end: int) -> None:
        if not self._groups:
            self._first = begin
        fresh = [each.observed for each in self._log[self._first + len(self._groups) : end + 1]]
        group_of, name, wanted, is_any = self._group, self._name, self._wanted, bool(self._dynamic)
        self._groups += [
            group_of(each.values)
            if (is_any or not wanted.isdisjoint(each.matched)) and name not in each.excluded
            else None
            for each in fresh
        ]

    def _of_any(self, entries: Sequence[Entry], names: frozenset[str], at: int) -> list[Entry]:
        """Those that match one of the rules."""
        if not self._dynamic:
            return [each for each in entries if not names.isdisjoint(each.observed.matched)]
        return [
            each
            for each in entries
            if not names.isdisjoint(each.observed.matched)
            or (not names.isdisjoint(each.hits) and _has_hit(each, names, at))
        ]


def _has_hit(entry: LogEntry, names: frozenset[str], at: int) -> bool:
    return any(name in names and matches(entry, name, at) for name in entry.hits)


def _one_group(_: Values) -> Group:
    """Of a rule that groups by similarity alone."""
    return _ONE_GROUP


def _time(entry: LogEntry) -> int:
    return entry.observed.at


def _similar(members: Sequence[Entry], place: int, wanted: int) -> list[Entry]:
    return [
        each
        for each in members
        if (found := each.observed.values[place]) is not None and (found ^ wanted).bit_count() <= SIMILAR_BITS
    ]
