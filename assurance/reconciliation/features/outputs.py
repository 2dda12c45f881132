"""Reads what the jobs with features read and wrote: the events that count, the sessions, each entity's newest state."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import duckdb
import msgspec

from assurance.reconciliation.sessions.outputs import read_outputs
from common.kafka.topic_reader import read_whole
from contracts.features.records import FeatureState
from contracts.fixed_topics import FEATURES, SESSIONS_LATE, enriched_name
from core.features.source_events import EVENT_TYPES, Source
from training.offline.sources import load_events, load_sessions


class _Event(msgspec.Struct, frozen=True):
    event_id: str


_read_id = msgspec.json.Decoder(_Event).decode
_read_state = msgspec.json.Decoder(FeatureState).decode
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
    too_late = {_read_id(value).event_id for value in _values(bootstrap, SESSIONS_LATE.name)}
    events = sum(_load(database, bootstrap, source, too_late) for source in EVENT_TYPES)
    load_sessions(
        database,
        (
            (each.visitor_id, each.visitor_kind, each.session_id, each.start_tstamp, each.end_tstamp)
            for each in read_outputs(bootstrap).newest.values()
            if each.kind != "superseded" and each.end_reason != "opted_out"
        ),
    )
    return FeatureOutputs(states, records, events, database)


def _load(database: duckdb.DuckDBPyConnection, bootstrap: str, source: Source, too_late: set[str]) -> int:
    """:param too_late: ids of events that no session has, so that they count for no feature."""
    decode = msgspec.json.Decoder(EVENT_TYPES[source]).decode
    values = _values(bootstrap, enriched_name(source))
    if source == "behaviour":
        values = (value for value in values if _read_id(value).event_id not in too_late)
    found = [decode(value) for value in values]
    load_events(database, source, found)
    return len(found)


def _values(bootstrap: str, topic: str) -> Iterator[bytes]:
    messages = read_whole(bootstrap, [topic], isolation="read_committed")
    return (value for message in messages if (value := message.value()) is not None)
