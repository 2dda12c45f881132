"""The events of one window, and what conditions ask of them."""

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from core.risk.observation import PLACE, Hit, Observation, ValueField


class LogEntry(Protocol):
    """An event in a log, and the rules that hold for it so far."""

    @property
    def observed(self) -> Observation: ...

    @property
    def hits(self) -> dict[str, Hit]:
        """Rule → its hit. What other logs found is here as well."""


def matches(entry: LogEntry, name: str, at: int) -> bool:
    """Whether the event matches a rule, as known at a time: by its own content, or because the rule's windows held."""
    if name in entry.observed.matched:
        return True
    hit = entry.hits.get(name)
    return hit is not None and hit.since <= at


class LogWindow:
    """Implements :class:`core.risk.rules.rule_set.Window`. Each field is tallied once for a rule, when it is
    asked for first.

    Similar hashes are not one value here: only groups compare by similarity.
    """

    __slots__ = ("_at", "_entries", "_tallies")

    def __init__(self, entries: Sequence[LogEntry]) -> None:
        """:param entries: in order, at least one; the last one ends the window."""
        self._entries = entries
        self._at = entries[-1].observed.at
        self._tallies: dict[tuple[str, str], Counter[int]] = {}

    def count(self, rule: str = "") -> int:
        if not rule:
            return len(self._entries)
        return sum(matches(each, rule, self._at) for each in self._entries)

    def distinct(self, field: str, rule: str = "") -> int:
        return len(self._tally(field, rule))

    def most(self, field: str, rule: str = "") -> int:
        return max(self._tally(field, rule).values(), default=0)

    def share(self, field: str, low: int, high: int, rule: str = "") -> float:
        tally = self._tally(field, rule)
        return sum(low <= number <= high for number in tally.values()) / len(tally) if tally else 0.0

    def present(self, field: str, rule: str = "") -> float:
        return self._tally(field, rule).total() / (self.count(rule) or 1)

    def lasting(self) -> int:
        return self._at - self._entries[0].observed.at

    def _tally(self, field: str, rule: str) -> Counter[int]:
        """:raises KeyError: for a name that is not one of ``VALUE_FIELDS``; a compiled condition has none."""
        tally = self._tallies.get((field, rule))
        if tally is None:
            place, at = place_of(field), self._at
            counted = self._entries if not rule else [each for each in self._entries if matches(each, rule, at)]
            values = [each.observed.values[place] for each in counted]
            tally = self._tallies[field, rule] = Counter([value for value in values if value is not None])
        return tally


_PLACES: dict[str, int] = {str(name): place for name, place in PLACE.items()}


def place_of(field: ValueField | str) -> int:
    return _PLACES[field]
