"""The tables that features are computed from: events of each source, and sessions. Tables or views of DuckDB.

Which files they are filled from is :mod:`training.offline.sources`' subject.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import duckdb
import msgspec

from core.cel.environment import Type
from core.features.declarations.fields import field_names, field_type
from core.features.source_events import EVENT_TYPES, TIME_FIELDS, Source
from training.offline.sql_text import column

SESSIONS: Final = "known_sessions"
"""visitor_id, visitor_kind, session_id, start_tstamp, end_tstamp: each session that counts, once."""
_ARRIVAL: Final = "etl_tstamp"
_TYPES: Final[Mapping[Type, str]] = MappingProxyType(
    {"string": "VARCHAR", "int": "BIGINT", "double": "DOUBLE", "bool": "BOOLEAN"}
)
_VISITORS: Final[Mapping[Source, str]] = MappingProxyType(
    {"behaviour": "coalesce(domain_userid, user_id)", "security": "user_id"}
)
"""Within whose events an id occurs once. An event without a visitor counts for nobody."""


def events_table(source: Source) -> str:
    return f"{source}_events"


def event_columns(source: Source) -> Mapping[str, str]:
    """Column → type in SQL: the fields that a declaration may name, and when the event was enriched."""
    found = {name: _TYPES[kind] for name in field_names(source) if (kind := field_type(source, name)) is not None}
    return {**found, _ARRIVAL: "BIGINT"}


def create_tables(database: duckdb.DuckDBPyConnection) -> None:
    """Empty ones, where there are neither tables nor views yet."""
    found = database.execute("SELECT table_name FROM information_schema.tables").fetchall()
    there = {name for (name,) in found}
    for source in EVENT_TYPES:
        if (name := events_table(source)) not in there:
            columns = ", ".join(f"{column(field)} {kind}" for field, kind in event_columns(source).items())
            database.execute(f"CREATE TABLE {name} ({columns})")
    if SESSIONS not in there:
        database.execute(
            f"CREATE TABLE {SESSIONS} (visitor_id VARCHAR, visitor_kind VARCHAR, session_id VARCHAR, "
            "start_tstamp BIGINT, end_tstamp BIGINT)"
        )


def once(source: Source, condition: str, *, counts_bots: bool) -> str:
    """SELECT of the events for which the condition holds, each once, with their time as ``happened_at``.

    Of records with one id it is the one that was enriched first, as that is the one that the jobs have counted. Of two
    that were enriched in one millisecond it is the one that was collected first.

    The condition is asked of the record that counts. Records of one id can differ: a lookup that was too late for the
    first one may have been in time for the next.
    """
    table = events_table(source)
    place = f"PARTITION BY {_VISITORS[source]}, event_id ORDER BY {_ARRIVAL} NULLS FIRST, collector_tstamp"
    bots = "" if counts_bots else " AND user_agent_is_crawler IS NOT TRUE"
    # Only records whose id occurs with the condition are sorted.
    there = f"{_VISITORS[source]} IS NOT NULL AND event_id IN (SELECT event_id FROM {table} WHERE {condition})"
    first = f"SELECT * FROM {table} WHERE {there} QUALIFY row_number() OVER ({place}) = 1"
    return f"SELECT *, {TIME_FIELDS[source]} AS happened_at FROM ({first}) WHERE {condition}{bots}"


def struct_row(event: msgspec.Struct, source: Source, arrival: int) -> dict[str, object]:
    """An event as a row of its table."""
    return {**{name: getattr(event, name) for name in field_names(source)}, _ARRIVAL: arrival}
