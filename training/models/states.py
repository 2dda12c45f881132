"""The states of entities while a stream goes by, as the jobs keep them: what was known before an event."""

from collections.abc import Collection, Iterable, Mapping
from operator import attrgetter

from core.features.contributions import Contributions
from core.features.model import EntityName, Feature, FeatureSet, Value, Window
from core.features.source_events import TIME_FIELDS, Source, SourceEvent
from core.features.state import EntityState, add
from core.features.values import values_at

Wanted = tuple[tuple[Feature, Window], ...]
_NO_STATE = EntityState()


class FeatureStates:
    """Of one source. An event is counted once, whether it comes in order or late."""

    def __init__(self, features: FeatureSet, source: Source, entities: Collection[EntityName]) -> None:
        self.features = features
        self._told = Contributions(features, source, entities)
        self._time = attrgetter(TIME_FIELDS[source])
        self._states: dict[tuple[EntityName, str], EntityState] = {}
        self._seen: set[str] = set()

    def wanted(self, entity: EntityName, value_names: Iterable[str]) -> Wanted:
        """Those of the names that are the entity's, in the order of the names."""
        by_name = self.features.by_value_name
        return tuple(by_name[name] for name in sorted(value_names) if by_name[name][0].entity == entity)

    def newest(self, entity: EntityName, entity_id: str) -> int:
        """Time of its newest event, ms since 1970 UTC; 0: there is none."""
        return self._states.get((entity, entity_id), _NO_STATE).newest

    def values(self, entity: EntityName, entity_id: str, wanted: Wanted, t: int) -> Mapping[str, Value]:
        """At the instant ``t``, ms since 1970 UTC. Empty where there is no event of the entity yet."""
        state = self._states.get((entity, entity_id))
        return {} if state is None else values_at(state, wanted, t, self.features)

    def add(self, event: SourceEvent) -> None:
        if event.event_id in self._seen:
            return
        self._seen.add(event.event_id)
        at = self._time(event)
        for entity, entity_id, told in self._told.of(event):
            state = self._states.setdefault((entity, entity_id), EntityState())
            if entity == "browser":
                self._extend_session(state, at)
            add(state, at, told)

    def _extend_session(self, state: EntityState, at: int) -> None:
        """Sessions end by idleness alone here. The job's own rules for late events and midnight are not needed: rows
        are made for events in order.
        """
        if at > state.session_end:
            if at > state.session_end + self.features.session_idle_ms:
                state.session_start = at
            state.session_end = at
