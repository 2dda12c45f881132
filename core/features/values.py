"""The values of an entity's features at an instant. Nothing is written: windows run on without new events."""

from collections.abc import Iterable, Sequence

from core.features.aggregations.aggregation import Partial
from core.features.aggregations.kinds import AGGREGATIONS
from core.features.model import LIFETIME, SESSION, Feature, FeatureSet, Ratio, Value, Window
from core.features.state import EntityState
from core.features.tiles import Tile, since, tiles_since


def values_at(
    state: EntityState, wanted: Iterable[tuple[Feature, Window]], t: int, feature_set: FeatureSet
) -> dict[str, Value]:
    """By value name.

    :param t: ms since 1970 UTC. Before the newest event it counts as the newest event's time.
    :param feature_set: has the session's idle time, and the features that a ratio names.
    """
    reading = _Reading(state, max(t, state.newest), feature_set)
    return {feature.value_name(window): reading.value(feature, window) for feature, window in wanted}


class _Reading:
    def __init__(self, state: EntityState, t: int, feature_set: FeatureSet) -> None:
        self._state = state
        self._t = t
        self._set = feature_set
        self._tiles: dict[int, tuple[int, Sequence[Tile]]] = {}
        """By their length in ms, as soon as a window needs them: (from which number on, tiles)."""
        self._windows: dict[str, Sequence[Tile]] = {}
        """By the window's name."""
        self._in_session = bool(state.session_start) and t <= state.session_end + feature_set.session_idle_ms

    def value(self, feature: Feature, window: Window) -> Value:
        if feature.ratio is not None:
            return self._ratio(feature, feature.ratio, window)
        kind = AGGREGATIONS[feature.kind]
        found = self._partials(feature, window)
        if not found:
            return kind.empty()
        return kind.value(feature, found[0] if len(found) == 1 else kind.merge(feature, found), self._t)

    def _ratio(self, feature: Feature, ratio: Ratio, window: Window) -> Value:
        """Of the two values as they are served. None where the second is 0, and where one is no number."""
        by_name = self._set.by_name
        of, to = (by_name.get((feature.entity, name)) for name in (ratio.of, ratio.to))
        if of is None or to is None or of.ratio is not None or to.ratio is not None:
            return None
        above, below = self.value(of, window), self.value(to, window)
        if not isinstance(above, int | float) or not isinstance(below, int | float) or not below:
            return None
        return above / below

    def _partials(self, feature: Feature, window: Window) -> list[Partial]:
        """Of the tiles that the window has; no tile is of a time after t."""
        state = self._state
        if window.name == SESSION:
            if not self._in_session:
                return []
            start = state.session_start
        else:
            start = self._t - window.length_ms
        if window.name == LIFETIME or feature.entity == "session":
            return [state.lifetime[feature.id]] if feature.id in state.lifetime else []
        tiles = self._windows.get(window.name)
        if tiles is None:
            tiles = self._windows[window.name] = self._tiles_since(window.hop_ms, start // window.hop_ms)
        key = feature.id
        return [partials[key] for _, partials in tiles if key in partials]

    def _tiles_since(self, hop_ms: int, first: int) -> Sequence[Tile]:
        level = self._state.tiles.get(hop_ms)
        if level is None:
            return ()
        known = self._tiles.get(hop_ms)
        if known is None or known[0] > first:
            known = self._tiles[hop_ms] = first, tiles_since(level, first)
        return since(known[1], first)
