"""What every kind of aggregation can do."""

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

from core.features.model import Feature, Value

Partial: TypeAlias = Any
"""What a tile keeps of one feature, made of what MessagePack has; its kind knows its form."""
Partials: TypeAlias = dict[int, Partial]
"""The feature's id → what a tile keeps of it."""
Told: TypeAlias = int | str | None
"""What an event tells a feature: a number in thousandths, a text, or None for a kind that needs no value."""


class Aggregation(Protocol):
    """No result depends on the order in which events were added or partials merged."""

    def add(self, partials: Partials, feature: Feature, at: int, value: Any) -> None:  # noqa: ANN401  # see Told
        """Adds an event to the feature's partial, which is made where there is none.

        :param at: the event's time in ms.
        :param value: as :data:`Told`; the kinds that need one are never given None.
        """
        ...

    def merge(self, feature: Feature, found: Sequence[Partial]) -> Partial:
        """A new one, of one partial or more; they share nothing with it."""
        ...

    def value(self, feature: Feature, partial: Partial, t: int) -> Value:
        """As it is served.

        :param t: when it is read, in ms.
        """
        ...

    def empty(self) -> Value:
        """Where there was no event."""
        ...
