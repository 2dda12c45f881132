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

    @property
    def is_cleared(self) -> bool:
        """It was found to be innocent: what rules found of it is a reason of its own verdict, but not of later ones."""


def matches(entry: LogEntry, name: str, at: int) -> bool:
    """Whether the event matches a rule in a window that ends at a time: by its own content, or because the rule's
    windows held by then.
    """
    if name in entry.observed.matched:
        return True
    hit = entry.hits.get(name)
    return hit is not None and hit.since <= at and (not entry.is_cleared or entry.observed.at == at)


class LogWindow:
    """Implements :class:`core.risk.rules.rule_set.Window`. Each field is tallied once for a rule, when it is
    asked for first.

    Similar hashes are not one value here: only groups compare by similarity.
    """

    __slots__ = ("_all", "_at", "_counted", "_matching", "_tallies")

    def __init__(self, counted: Sequence[LogEntry], with_context: Sequence[LogEntry] | None = None) -> None:
        """:param counted: in order, at least one; the last one ends the window.
        :param with_context: with the events of the rule's context; None: it has none.
        """
        self._counted = counted
        self._all = counted if with_context is None else with_context
        self._at = counted[-1].observed.at
        self._matching: dict[str, Sequence[LogEntry]] = {}
        self._tallies: dict[tuple[str, str], Counter[int]] = {}

    def count(self, rule: str = "") -> int:
        if not rule:
            return len(self._counted)
        return len(self._of(rule))

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
        return self._at - self._counted[0].observed.at

    def _of(self, rule: str) -> Sequence[LogEntry]:
        found = self._matching.get(rule)
        if found is None:
            at = self._at
            # As matches() says; written out, because it is asked of every event of every window.
            found = self._matching[rule] = [
                each
                for each in self._all
                if rule in each.observed.matched or ((hit := each.hits.get(rule)) is not None and hit.since <= at)
            ]
        return found

    def _tally(self, field: str, rule: str) -> Counter[int]:
        """:raises KeyError: for a name that is not one of ``VALUE_FIELDS``; a compiled condition has none."""
        tally = self._tallies.get((field, rule))
        if tally is None:
            place = place_of(field)
            values = [each.observed.values[place] for each in (self._of(rule) if rule else self._counted)]
            tally = self._tallies[field, rule] = Counter([value for value in values if value is not None])
        return tally


_PLACES: dict[str, int] = {str(name): place for name, place in PLACE.items()}


def place_of(field: ValueField | str) -> int:
    return _PLACES[field]
