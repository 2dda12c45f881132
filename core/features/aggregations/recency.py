"""recency: ms from the newest event to the reading."""

from collections.abc import Sequence

from core.features.model import Feature, Value


class Recency:
    """Kept: the time of the newest event."""

    def new(self, at: int, value: None) -> int:
        return at

    def add(self, feature: Feature, partial: int, at: int, value: None) -> int:
        return max(partial, at)

    def merge(self, feature: Feature, found: Sequence[int]) -> int:
        return max(found)

    def value(self, feature: Feature, partial: int, t: int) -> Value:
        return t - partial

    def empty(self) -> Value:
        return None
