"""Reads what the jobs with features read and wrote: the events that count, the sessions, each entity's newest state."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import duckdb
import msgspec

from assurance.reconciliation.sessions.outputs import read_outputs
from common.kafka.topic_reader import read_whole
from contracts.features.records import FeatureState
from contracts.fixed_topics import FEATURES, enriched_name
from core.features.source_events import BehaviourEvent, Source
from core.risk.security_event import SecurityEvent
from training.offline.sources import load_events, load_sessions

_read_state = msgspec.json.Decoder(FeatureState).decode
_EventT = TypeVar("_EventT", bound=msgspec.Struct)
EntityKey = tuple[str, str]
"""Entity and its id."""


@dataclass(frozen=True)
class FeatureOutputs:
    states: Mapping[EntityKey, FeatureState]
    """The newest record of each entity; erased ones are left out."""
    records: int
    events: int
    """Of all sources, each as often as it was enriched."""
    database: duckdb.DuckDBPyConnection = field(repr=False)
    """The events and the sessions, for the offline computation."""

    @property
    def newest_tstamp(self) -> int:
        return max((each.newest_tstamp for each in self.states.values()), default=0)


def read_feature_outputs(bootstrap: str) -> FeatureOutputs:
    """Of a run whose jobs have come to rest.

    :raises common.kafka.topic_reader.TopicUnavailable: if a topic cannot be read.
    """
    states: dict[EntityKey, FeatureState] = {}
    records = 0
    for message in read_whole(bootstrap, [FEATURES.name], isolation="read_committed"):
        records += 1
        value, key = message.value(), message.key()
        if value is not None:
            state = _read_state(value)
            states[state.entity, state.entity_id] = state
        elif key is not None:
            entity, _, entity_id = key.decode().partition(":")
            states.pop((entity, entity_id), None)
    database = duckdb.connect()
    sessions = read_outputs(bootstrap)
    # What no session has counts for no feature.
    behaviour = [each for each in _read(bootstrap, "behaviour", BehaviourEvent) if each.event_id not in sessions.late]
    security = list(_read(bootstrap, "security", SecurityEvent))
    load_events(database, "behaviour", behaviour)
    load_events(database, "security", security)
    load_sessions(
        database,
        (
            (each.visitor_id, each.visitor_kind, each.session_id, each.start_tstamp, each.end_tstamp)
            for each in sessions.newest.values()
            if each.kind != "superseded" and each.end_reason != "opted_out"
        ),
    )
    return FeatureOutputs(states, records, len(behaviour) + len(security), database)


def _read(bootstrap: str, source: Source, kind: type[_EventT]) -> Iterator[_EventT]:
    decode = msgspec.json.Decoder(kind).decode
    messages = read_whole(bootstrap, [enriched_name(source)], isolation="read_committed")
    return (decode(value) for message in messages if (value := message.value()) is not None)
