"""count, sum, min, max and mean. Sums are of whole thousandths, so that they are the same in any order."""

from collections.abc import Sequence
from typing import Final

from core.features.aggregations.aggregation import Partials
from core.features.aggregations.served import served
from core.features.model import SCALE, Feature, Value

_MOST: Final = 2**63 - 1


def _bounded(total: int) -> int:
    """MessagePack has no larger numbers. Only sums of about a thousand of the largest values come here."""
    return max(-_MOST, min(_MOST, total))


class Count:
    """Kept: the number of events."""

    def add(self, partials: Partials, feature: Feature, at: int, value: None) -> None:
        key = feature.id
        partials[key] = partials.get(key, 0) + 1

    def merge(self, feature: Feature, found: Sequence[int]) -> int:
        return sum(found)

    def value(self, feature: Feature, partial: int, t: int) -> Value:
        return partial

    def empty(self) -> Value:
        return 0


class Sum:
    """Kept: the sum in thousandths."""

    def add(self, partials: Partials, feature: Feature, at: int, value: int) -> None:
        key = feature.id
        partials[key] = _bounded(partials.get(key, 0) + value)

    def merge(self, feature: Feature, found: Sequence[int]) -> int:
        return _bounded(sum(found))

    def value(self, feature: Feature, partial: int, t: int) -> Value:
        return served(feature, partial)

    def empty(self) -> Value:
        return 0


class Least:
    """Kept: the smallest in thousandths."""

    def add(self, partials: Partials, feature: Feature, at: int, value: int) -> None:
        known = partials.get(feature.id)
        if known is None or value < known:
            partials[feature.id] = value

    def merge(self, feature: Feature, found: Sequence[int]) -> int:
        return min(found)

    def value(self, feature: Feature, partial: int, t: int) -> Value:
        return served(feature, partial)

    def empty(self) -> Value:
        return None


class Greatest:
    """Kept: the largest in thousandths."""

    def add(self, partials: Partials, feature: Feature, at: int, value: int) -> None:
        known = partials.get(feature.id)
        if known is None or value > known:
            partials[feature.id] = value

    def merge(self, feature: Feature, found: Sequence[int]) -> int:
        return max(found)

    def value(self, feature: Feature, partial: int, t: int) -> Value:
        return served(feature, partial)

    def empty(self) -> Value:
        return None


class Mean:
    """Kept: [sum in thousandths, number of events]."""

    def add(self, partials: Partials, feature: Feature, at: int, value: int) -> None:
        known = partials.get(feature.id)
        if known is None:
            partials[feature.id] = [value, 1]
        else:
            known[0] = _bounded(known[0] + value)
            known[1] += 1

    def merge(self, feature: Feature, found: Sequence[list[int]]) -> list[int]:
        return [_bounded(sum(total for total, _ in found)), sum(count for _, count in found)]

    def value(self, feature: Feature, partial: list[int], t: int) -> Value:
        """One division: ``sum / (count * 1000)``."""
        total, count = partial
        return total / (count * SCALE)

    def empty(self) -> Value:
        return None
