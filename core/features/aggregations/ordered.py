"""first, last and last_n: by (time, value). Of events at the same time the value decides, so no id is needed."""

from collections.abc import Sequence
from typing import TypeAlias

from core.features.aggregations.aggregation import Partials
from core.features.aggregations.served import number_text, served
from core.features.model import Feature, Value

Entry: TypeAlias = list[int | str]
"""[time, value]. A feature's values are all numbers or all texts, so entries can be compared."""


class First:
    """Kept: the smallest entry."""

    def add(self, partials: Partials, feature: Feature, at: int, value: int | str) -> None:
        entry: Entry = [at, value]
        known = partials.get(feature.id)
        if known is None or entry < known:
            partials[feature.id] = entry

    def merge(self, feature: Feature, found: Sequence[Entry]) -> Entry:
        return [*min(found)]

    def value(self, feature: Feature, partial: Entry, t: int) -> Value:
        return served(feature, partial[1])

    def empty(self) -> Value:
        return None


class Last:
    """Kept: the largest entry."""

    def add(self, partials: Partials, feature: Feature, at: int, value: int | str) -> None:
        entry: Entry = [at, value]
        known = partials.get(feature.id)
        if known is None or entry > known:
            partials[feature.id] = entry

    def merge(self, feature: Feature, found: Sequence[Entry]) -> Entry:
        return [*max(found)]

    def value(self, feature: Feature, partial: Entry, t: int) -> Value:
        return served(feature, partial[1])

    def empty(self) -> Value:
        return None


class LastN:
    """Kept: the n largest entries, the largest first. Distinct: the largest of each value."""

    def add(self, partials: Partials, feature: Feature, at: int, value: int | str) -> None:
        entry: Entry = [at, value]
        known: list[Entry] | None = partials.get(feature.id)
        if known is None:
            partials[feature.id] = [entry]
            return
        if feature.distinct:
            for place, other in enumerate(known):
                if other[1] == value:
                    if other >= entry:
                        return
                    del known[place]
                    break
        place = 0
        while place < len(known) and known[place] > entry:
            place += 1
        known.insert(place, entry)
        del known[feature.n :]

    def merge(self, feature: Feature, found: Sequence[list[Entry]]) -> list[Entry]:
        entries = sorted((entry for each in found for entry in each), reverse=True)
        if feature.distinct:
            of_value: dict[int | str, Entry] = {}
            for entry in entries:
                of_value.setdefault(entry[1], entry)
            entries = list(of_value.values())
        return [[*entry] for entry in entries[: feature.n]]

    def value(self, feature: Feature, partial: list[Entry], t: int) -> Value:
        return [kept if isinstance(kept, str) else number_text(kept) for _, kept in partial[: feature.n]]

    def empty(self) -> Value:
        return None
