"""recency: ms from the newest event to the reading."""

from collections.abc import Sequence

from core.features.aggregations.aggregation import Partials
from core.features.model import Feature, Value


class Recency:
    """Kept: the time of the newest event."""

    def add(self, partials: Partials, feature: Feature, at: int, value: None) -> None:
        known = partials.get(feature.id)
        if known is None or at > known:
            partials[feature.id] = at

    def merge(self, feature: Feature, found: Sequence[int]) -> int:
        return max(found)

    def value(self, feature: Feature, partial: int, t: int) -> Value:
        return t - partial

    def empty(self) -> Value:
        return None
