"""most_frequent: how often each value occurred."""

from collections.abc import Sequence
from typing import Final

from core.features.aggregations.served import served
from core.features.model import Feature, Value

MOST_VALUES: Final = 200
"""That a tile tells apart. Of events with more, those with further values are not counted, in the order they came."""


class MostFrequent:
    """Kept: {value: number of events}. The highest number wins; of equal ones the smallest value."""

    def new(self, at: int, value: int | str) -> dict[int | str, int]:
        return {value: 1}

    def add(self, feature: Feature, partial: dict[int | str, int], at: int, value: int | str) -> dict[int | str, int]:
        if value in partial:
            partial[value] += 1
        elif len(partial) < MOST_VALUES:
            partial[value] = 1
        return partial

    def merge(self, feature: Feature, found: Sequence[dict[int | str, int]]) -> dict[int | str, int]:
        """Has all values of the tiles, which may be more than one tile has."""
        merged = dict(found[0])
        for each in found[1:]:
            for value, count in each.items():
                merged[value] = merged.get(value, 0) + count
        return merged

    def value(self, feature: Feature, partial: dict[int | str, int], t: int) -> Value:
        highest = max(partial.values())
        ties = [value for value, count in partial.items() if count == highest]
        return served(feature, min(ties))

    def empty(self) -> Value:
        return None
