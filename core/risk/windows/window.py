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
    """Implements :class:`core.risk.rules.rule_set.Window`. Each field is tallied once, when it is asked for first.

    Similar hashes are not one value here: only groups compare by similarity.
    """

    __slots__ = ("_at", "_entries", "_tallies")

    def __init__(self, entries: Sequence[LogEntry]) -> None:
        """:param entries: in order, at least one; the last one ends the window."""
        self._entries = entries
        self._at = entries[-1].observed.at
        self._tallies: dict[str, Counter[int]] = {}

    def count(self, rule: str = "") -> int:
        if not rule:
            return len(self._entries)
        return sum(matches(each, rule, self._at) for each in self._entries)

    def distinct(self, field: str) -> int:
        return len(self._tally(field))

    def most(self, field: str) -> int:
        return max(self._tally(field).values(), default=0)

    def share(self, field: str, low: int, high: int) -> float:
        tally = self._tally(field)
        return sum(low <= number <= high for number in tally.values()) / len(tally) if tally else 0.0

    def present(self, field: str) -> float:
        return self._tally(field).total() / len(self._entries)

    def lasting(self) -> int:
        return self._at - self._entries[0].observed.at

    def _tally(self, field: str) -> Counter[int]:
        """:raises KeyError: for a name that is not one of ``VALUE_FIELDS``; a compiled condition has none."""
        tally = self._tallies.get(field)
        if tally is None:
            place = place_of(field)
            values = [each.observed.values[place] for each in self._entries]
            tally = self._tallies[field] = Counter([value for value in values if value is not None])
        return tally


_PLACES: dict[str, int] = {str(name): place for name, place in PLACE.items()}


def place_of(field: ValueField | str) -> int:
    return _PLACES[field]
