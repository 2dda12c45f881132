"""Values of features at past instants: the queries, run one after the other in DuckDB."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final, NamedTuple

import duckdb
import pyarrow as pa

from core.features.model import EntityName, Feature, FeatureSet, Value
from core.features.source_events import Source
from training.offline.aggregates import (
    EVENTS,
    Output,
    by_value,
    by_value_sql,
    one_pass_sql,
    served,
)
from training.offline.event_tables import create_tables
from training.offline.reach import ANCHORS, ASKED, SEEN, asked_sql, placed_sql
from training.offline.taken import WANTED, taken_sql

_ROWS: Final = 10_000


class Anchor(NamedTuple):
    """Of whom the values are wanted, and as of when."""

    entity_id: str
    """Of a session: its session_id."""
    at: int
    """ms since 1970 UTC."""


class UnknownFeatureError(Exception):
    """A value's name is not in the declarations."""


class OfflineFeatures:
    """Not for several threads at once."""

    def __init__(self, database: duckdb.DuckDBPyConnection, features: FeatureSet) -> None:
        """:param database: with the tables of :mod:`training.offline.event_tables`; those that it lacks are made."""
        create_tables(database)
        self._database = database
        self._features = features

    def values(
        self, entity: EntityName, anchors: Sequence[Anchor], names: Collection[str] | None = None
    ) -> list[dict[str, Value]]:
        """For each anchor, in order: value name → value. An entity without events has those of an empty state.

        :param names: which values; None: all of the entity.
        :raises UnknownFeatureError: for a name that the entity has not.
        """
        wanted = self._wanted(entity, names)
        raw = self._raw(entity, anchors, _needed(wanted, self._features.of(entity)))
        return [
            {feature.value_name(window): _value(found, feature, window.name) for feature, window in wanted}
            for found in raw
        ]

    def of_no_event(self, entity: EntityName) -> dict[str, Value]:
        """The values of an entity that had no event."""
        wanted = self._wanted(entity, None)
        empty = _empty(_needed(wanted, self._features.of(entity)), self._features.entities[entity].source)
        return {feature.value_name(window): _value(empty, feature, window.name) for feature, window in wanted}

    def _wanted(self, entity: EntityName, names: Collection[str] | None) -> list[Output]:
        known = {name: output for name, output in self._features.by_value_name.items() if output[0].entity == entity}
        if names is None:
            return list(known.values())
        if unknown := [name for name in names if name not in known]:
            raise UnknownFeatureError(f"{entity} has no value {unknown[0]!r}")
        return [known[name] for name in names]

    def _raw(
        self, entity: EntityName, anchors: Sequence[Anchor], outputs: Sequence[Output]
    ) -> list[dict[tuple[str, str], Value]]:
        """(feature, window) → value, for everything but ratios."""
        source = self._features.entities[entity].source
        self._ask(entity, anchors, outputs)
        found = [_empty(outputs, source) for _ in anchors]
        for query, columns in _queries(outputs):
            for n, *values in self._rows(query):
                for (feature, window), value in zip(columns, values, strict=True):
                    found[n][feature.name, window.name] = served(feature, source, value, anchors[n].at)
        return found

    def _ask(self, entity: EntityName, anchors: Sequence[Anchor], outputs: Sequence[Output]) -> None:
        """Make the tables that the queries read."""
        of, database = self._features.entities[entity], self._database
        rows = pa.table(
            {
                "n": pa.array(range(len(anchors)), pa.int64()),
                "entity_id": pa.array([each.entity_id for each in anchors], pa.string()),
                "asked_at": pa.array([each.at for each in anchors], pa.int64()),
            }
        )
        database.register("given_anchors", rows)
        database.execute(f"CREATE OR REPLACE TEMP TABLE {ANCHORS} AS SELECT * FROM given_anchors")
        database.unregister("given_anchors")
        placed = placed_sql(of, self._features.session_idle_ms)
        database.execute(f"CREATE OR REPLACE TEMP TABLE {WANTED} AS SELECT DISTINCT id FROM ({placed})")
        taken = taken_sql(of, self._features, {feature.name for feature, _ in outputs})
        database.execute(f"CREATE OR REPLACE TEMP TABLE {EVENTS} AS {taken}")
        database.execute(f"CREATE OR REPLACE TEMP VIEW {SEEN} AS SELECT id, happened_at FROM {EVENTS}")
        windows = dict.fromkeys(window for _, window in outputs)
        asked = asked_sql(of, windows, self._features.session_idle_ms)
        database.execute(f"CREATE OR REPLACE TEMP TABLE {ASKED} AS {asked}")

    def _rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        result = self._database.execute(query)
        while rows := result.fetchmany(_ROWS):
            yield from rows


def _empty(outputs: Sequence[Output], source: Source) -> dict[tuple[str, str], Value]:
    return {(feature.name, window.name): served(feature, source, None, 0) for feature, window in outputs}


def _needed(wanted: Sequence[Output], known: Sequence[Feature]) -> list[Output]:
    """Without ratios, and with what they are made of."""
    by_name = {each.name: each for each in known}
    found: dict[tuple[str, str], Output] = {}
    for feature, window in wanted:
        parts = (feature.name,) if feature.ratio is None else (feature.ratio.of, feature.ratio.to)
        found |= {(part, window.name): (by_name[part], window) for part in parts}
    return list(found.values())


def _queries(outputs: Sequence[Output]) -> Iterator[tuple[str, Sequence[Output]]]:
    """(query, what its columns behind n are)."""
    if at_once := [output for output in outputs if not by_value(output[0])]:
        yield one_pass_sql(at_once), at_once
    grouped: dict[str, list[Output]] = defaultdict(list)
    for output in outputs:
        if by_value(output[0]):
            grouped[output[0].name].append(output)
    for columns in grouped.values():
        yield by_value_sql(columns[0][0], [window for _, window in columns]), columns


def _value(found: dict[tuple[str, str], Value], feature: Feature, window: str) -> Value:
    if feature.ratio is None:
        return found[feature.name, window]
    of, to = found[feature.ratio.of, window], found[feature.ratio.to, window]
    return of / to if isinstance(of, int | float) and isinstance(to, int | float) and to else None
