"""Compares values that the lookup service serves with those that SQL computes of the lake, at the same instants."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol, TypeAlias

from core.features.model import EntityName, FeatureSet, Value
from core.features.state import EntityState
from core.features.values import values_at
from training.offline.compute import Anchor, OfflineFeatures

MOST_EXAMPLES: Final = 20


class Served(NamedTuple):
    """What is served of one entity."""

    newest: int
    """Time of the newest event in it, ms since 1970 UTC."""
    values: Mapping[str, Value]


Answer: TypeAlias = Served | None
"""None: nothing is kept of it."""


class Online(Protocol):
    def read(self, entity: EntityName, anchors: Sequence[Anchor]) -> list[Answer]:
        """One answer for each anchor, in order."""
        ...


@dataclass(frozen=True)
class Example:
    value: str
    entity_id: str
    at: int
    online: Value
    offline: Value


@dataclass
class Comparison:
    compared: int = 0
    """Values."""
    different: int = 0
    moving: int = 0
    """Entities that had an event in the margin: it may be in one of the two and not yet in the other."""
    absent: int = 0
    """Entities with events offline, of which nothing is kept online. Their values count as those of no event."""
    by_value: Counter[str] = field(default_factory=Counter)
    """Value name → how many differ."""
    of_value: Counter[str] = field(default_factory=Counter)
    """Value name → how many were compared."""
    examples: list[Example] = field(default_factory=list)

    def add(self, name: str, anchor: Anchor, online: Value, offline: Value) -> None:
        self.compared += 1
        self.of_value[name] += 1
        # Both divide the same whole numbers, so they are equal to the last bit.
        if online == offline:
            return
        self.different += 1
        self.by_value[name] += 1
        if len(self.examples) < MOST_EXAMPLES:
            self.examples.append(Example(name, anchor.entity_id, anchor.at, online, offline))


class StatesInMemory:
    """What a lookup service would serve of these states."""

    def __init__(self, features: FeatureSet, states: Mapping[tuple[EntityName, str], EntityState]) -> None:
        self._features, self._states = features, states

    def read(self, entity: EntityName, anchors: Sequence[Anchor]) -> list[Answer]:
        wanted = [(each, window) for each in self._features.of(entity) for window in each.windows]
        found: list[Answer] = []
        for anchor in anchors:
            state = self._states.get((entity, anchor.entity_id))
            found.append(
                None if state is None else Served(state.newest, values_at(state, wanted, anchor.at, self._features))
            )
        return found


def compare(
    online: Online,
    offline: OfflineFeatures,
    asked: Mapping[EntityName, Sequence[Anchor]],
    margin_ms: int = 0,
) -> Comparison:
    """:param margin_ms: an entity whose newest event online is less old than this at its instant is left out."""
    found = Comparison()
    for entity, anchors in asked.items():
        settled: list[tuple[Anchor, Answer]] = []
        for anchor, answer in zip(anchors, online.read(entity, anchors), strict=True):
            if answer is not None and answer.newest > anchor.at - margin_ms:
                found.moving += 1
            else:
                found.absent += answer is None
                settled.append((anchor, answer))
        computed = offline.values(entity, [anchor for anchor, _ in settled])
        nothing = offline.of_no_event(entity)
        for (anchor, answer), values in zip(settled, computed, strict=True):
            served = nothing if answer is None else answer.values
            for name, value in values.items():
                found.add(name, anchor, served.get(name), value)
    return found
