"""What is kept of one entity: tiles of each feature. A state is a function of the set of its events."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from core.features.model import Feature

Partial = Any
"""What a tile keeps of one feature, made of what MessagePack has; its module in ``aggregations`` knows its form."""


class EntityState(msgspec.Struct, array_like=True, gc=False):
    """Packed as a list: new fields come last and have defaults. Times in ms since 1970 UTC."""

    newest: int = 0
    """Time of the newest event."""
    tiles: dict[int, dict[int, dict[int, Partial]]] = {}
    """Hop in ms → number of the tile, which is its time by the hop → the feature's id → what it keeps."""
    lifetime: dict[int, Partial] = {}
    """The feature's id → what it keeps."""
    session_start: int = 0
    """Of the entity's current session; 0: none is known."""
    session_end: int = 0
    """Time of its newest event."""


class Contribution(NamedTuple):
    """What one event tells one feature."""

    feature: Feature
    value: int | str | None
    """A number in thousandths, a text, or None for a kind that needs no value."""


def add(state: EntityState, at: int, contributions: Iterable[Contribution]) -> None:
    """Counts an event that the state does not have yet. What is behind a window's reach is left out of its tiles."""
    raise NotImplementedError
