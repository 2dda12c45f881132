"""Which entities are compared: some of those with events in the lake, other ones each time."""

import duckdb

from core.features.model import EntityName, FeatureSet
from core.features.source_events import TIME_FIELDS
from training.offline.compute import Anchor
from training.offline.event_tables import SESSIONS, create_tables, events_table
from training.offline.sql_text import column


def sampled(  # noqa: PLR0917  # each is one limit
    database: duckdb.DuckDBPyConnection,
    features: FeatureSet,
    entity: EntityName,
    now: int,
    most: int,
    margin_ms: int,
) -> list[Anchor]:
    """:param now: ms since 1970 UTC, of every anchor.
    :param margin_ms: those with events after now without the margin are left out, as far as the lake knows them.
    """
    create_tables(database)
    of = features.entities[entity]
    if entity == "session":
        ids, times, table = "session_id", "end_tstamp", SESSIONS
    else:
        ids, times, table = column(of.key), TIME_FIELDS[of.source], events_table(of.source)
    newest = f"max({times})"
    found = database.execute(
        f"SELECT {ids} FROM {table} WHERE {times} > ? AND {ids} <> '' GROUP BY 1 "  # noqa: S608  # names of our own
        f"HAVING {newest} <= ? ORDER BY hash({ids} || ?) LIMIT {most}",
        [now - of.ttl_ms, now - margin_ms, str(now)],
    ).fetchall()
    return [Anchor(entity_id, now) for (entity_id,) in found]
