"""most_frequent: how often each value occurred."""

from collections.abc import Sequence
from typing import Final

from core.features.aggregations.aggregation import Partials
from core.features.aggregations.served import served
from core.features.model import Feature, Value

MOST_VALUES: Final = 200
"""That a tile tells apart. Of events with more, those with further values are not counted, in the order they came."""


class MostFrequent:
    """Kept: {value: number of events}. The highest number wins; of equal ones the smallest value."""

    def add(self, partials: Partials, feature: Feature, at: int, value: int | str) -> None:
        counts = partials.get(feature.id)
        if counts is None:
            partials[feature.id] = {value: 1}
        elif value in counts:
            counts[value] += 1
        elif len(counts) < MOST_VALUES:
            counts[value] = 1

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
