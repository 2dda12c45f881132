"""count, sum, min, max and mean. Sums are of whole thousandths, so that they are the same in any order."""

from collections.abc import Sequence
from typing import Final

from core.features.aggregations.served import served
from core.features.model import SCALE, Feature, Value

_MOST: Final = 2**63 - 1


def _bounded(total: int) -> int:
    """MessagePack has no larger numbers. Only sums of about a thousand of the largest values come here."""
    return total if -_MOST <= total <= _MOST else max(-_MOST, min(_MOST, total))


class Count:
    """Kept: the number of events."""

    def new(self, at: int, value: None) -> int:
        return 1

    def add(self, feature: Feature, partial: int, at: int, value: None) -> int:
        return partial + 1

    def merge(self, feature: Feature, found: Sequence[int]) -> int:
        return sum(found)

    def value(self, feature: Feature, partial: int, t: int) -> Value:
        return partial

    def empty(self) -> Value:
        return 0


class Sum:
    """Kept: the sum in thousandths."""

    def new(self, at: int, value: int) -> int:
        return value

    def add(self, feature: Feature, partial: int, at: int, value: int) -> int:
        return _bounded(partial + value)

    def merge(self, feature: Feature, found: Sequence[int]) -> int:
        return _bounded(sum(found))

    def value(self, feature: Feature, partial: int, t: int) -> Value:
        return served(feature, partial)

    def empty(self) -> Value:
        return 0


class Least:
    """Kept: the smallest in thousandths."""

    def new(self, at: int, value: int) -> int:
        return value

    def add(self, feature: Feature, partial: int, at: int, value: int) -> int:
        return min(partial, value)

    def merge(self, feature: Feature, found: Sequence[int]) -> int:
        return min(found)

    def value(self, feature: Feature, partial: int, t: int) -> Value:
        return served(feature, partial)

    def empty(self) -> Value:
        return None


class Greatest:
    """Kept: the largest in thousandths."""

    def new(self, at: int, value: int) -> int:
        return value

    def add(self, feature: Feature, partial: int, at: int, value: int) -> int:
        return max(partial, value)

    def merge(self, feature: Feature, found: Sequence[int]) -> int:
        return max(found)

    def value(self, feature: Feature, partial: int, t: int) -> Value:
        return served(feature, partial)

    def empty(self) -> Value:
        return None


class Mean:
    """Kept: [sum in thousandths, number of events]."""

    def new(self, at: int, value: int) -> list[int]:
        return [value, 1]

    def add(self, feature: Feature, partial: list[int], at: int, value: int) -> list[int]:
        partial[0] = _bounded(partial[0] + value)
        partial[1] += 1
        return partial

    def merge(self, feature: Feature, found: Sequence[list[int]]) -> list[int]:
        return [_bounded(sum(total for total, _ in found)), sum(count for _, count in found)]

    def value(self, feature: Feature, partial: list[int], t: int) -> Value:
        """One division: ``sum / (count * 1000)``."""
        total, count = partial
        return total / (count * SCALE)

    def empty(self) -> Value:
        return None
