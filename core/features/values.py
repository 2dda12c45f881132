"""The values of an entity's features at an instant. Nothing is written: windows run on without new events."""

from collections.abc import Iterable

from core.features.aggregations.aggregation import Partial, Partials
from core.features.aggregations.kinds import AGGREGATIONS
from core.features.model import LIFETIME, SESSION, Feature, FeatureSet, Value, Window
from core.features.state import EntityState


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
        self._selected: dict[tuple[str, bool], list[Partials]] = {}

    def value(self, feature: Feature, window: Window) -> Value:
        if feature.ratio is not None:
            return self._ratio(feature, window)
        kind = AGGREGATIONS[feature.kind]
        key = feature.id
        found: list[Partial] = [each[key] for each in self._partials(feature, window) if key in each]
        if not found:
            return kind.empty()
        return kind.value(feature, found[0] if len(found) == 1 else kind.merge(feature, found), self._t)

    def _ratio(self, feature: Feature, window: Window) -> Value:
        """Of the two values as they are served. None where the second is 0, and where one is no number."""
        assert feature.ratio is not None  # noqa: S101  # its caller has looked
        by_name = self._set.by_name
        of, to = (by_name.get((feature.entity, name)) for name in (feature.ratio.of, feature.ratio.to))
        if of is None or to is None:
            return None
        above, below = self.value(of, window), self.value(to, window)
        if not isinstance(above, int | float) or not isinstance(below, int | float) or not below:
            return None
        return above / below

    def _partials(self, feature: Feature, window: Window) -> list[Partials]:
        of_session = feature.entity == "session"
        place = (window.name, of_session)
        selected = self._selected.get(place)
        if selected is None:
            selected = self._selected[place] = self._select(window, of_session)
        return selected

    def _select(self, window: Window, of_session: bool) -> list[Partials]:
        state = self._state
        if window.name == LIFETIME:
            return [state.lifetime]
        if window.name == SESSION:
            if not state.session_start or self._t > state.session_end + self._set.session_idle_ms:
                return []
            if of_session:
                return [state.lifetime]
            first = state.session_start // window.hop_ms
        else:
            first = (self._t - window.length_ms) // window.hop_ms
        # No tile is of a time after t.
        return [tile for number, tile in state.tiles.get(window.hop_ms, {}).items() if number >= first]
