"""The lake's tables: enriched events, and session records beside them. What a table is made of, without its SQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from contracts.events.columns import Column, columns
from contracts.fixed_topics import SESSIONS, enriched_name
from contracts.sessions.records import SessionRecord
from lake.config import LakeConfig

PARTITIONS = ("purpose", "day", "hour")
"""Directories of the events, outermost first: ``purpose=analytics/day=2024-05-01/hour=07``."""
SESSIONS_FOLDER = "sessions"
"""Of the session records, below the lake's path: ``sessions/day=2024-05-01/hour=07``. No reader of ``purpose=…`` looks
into it."""


@dataclass(frozen=True)
class LakeTable:
    """One table of the lake, and the topics that it is filled from."""

    source: str
    """Name of the source table in the job."""
    sink: str
    """Name of the sink table in the job."""
    topics: tuple[str, ...]
    columns: tuple[Column, ...]
    event_time: str
    """The column with the time of the record, ms since 1970 UTC: it moves the watermark."""
    folder: str
    """Below the lake's path; empty: the path itself."""
    partitions: Mapping[str, str]
    """Directory → SQL expression on the source, outermost first."""


def written(lake: LakeConfig, event: tuple[Column, ...] | None = None) -> tuple[LakeTable, ...]:
    """The tables that the job fills."""
    of_events = (events(lake.purposes, event),) if lake.purposes else ()
    return (*of_events, session_records()) if lake.sessions else of_events


def events(purposes: str, event: tuple[Column, ...] | None = None) -> LakeTable:
    """Enriched events, each in the hour in which it was collected.

    :param purposes: comma-separated.
    :param event: the columns to use instead of the present event's, for example those of an older version.
    """
    purpose = "REGEXP_EXTRACT(`kafka_topic`, '^clickstream\\.enriched\\.(.+)\\.v[0-9]+$', 1)"
    return LakeTable(
        source="enriched",
        sink="lake",
        topics=tuple(enriched_name(name) for name in purposes.split(",")),
        columns=event or columns(),
        event_time="collector_tstamp",
        folder="",
        partitions=MappingProxyType(
            dict(zip(PARTITIONS, (purpose, *_day_and_hour("CAST(collector_tstamp / 60000 AS INT)")), strict=True))
        ),
    )


def session_records() -> LakeTable:
    """Session records: every version of a session, all of them in one directory.

    The directory is the hour of the time in the session's id, not of ``start_tstamp``. A late event moves the start,
    and could move it into the hour before. The id stays, so that all versions are found together, and found from the
    id alone. With an idle time that divides an hour, as half an hour does, both are the same hour.
    """
    return LakeTable(
        source="session_records",
        sink="lake_sessions",
        topics=(SESSIONS.name,),
        columns=columns(SessionRecord),
        event_time="end_tstamp",
        folder=SESSIONS_FOLDER,
        partitions=MappingProxyType(
            dict(zip(PARTITIONS[1:], _day_and_hour(f"CAST(({_MS_OF_ID}) / 60000 AS INT)"), strict=True))
        ),
    )


def _day_and_hour(minute: str) -> tuple[str, str]:
    """Computed from 1970, not in the session's time zone: days and hours are UTC wherever the job runs.

    :param minute: SQL for the minutes since 1970. They fit an INT until the year 6053.
    """
    time = f"TIMESTAMPADD(MINUTE, {minute}, TIMESTAMP '1970-01-01 00:00:00')"
    return f"DATE_FORMAT({time}, 'yyyy-MM-dd')", f"DATE_FORMAT({time}, 'HH')"


# The first 48 bits of a UUIDv7 are ms since 1970: 12 hexadecimal digits, with a hyphen after the eighth. Flink's SQL
# has no function that reads such a number.
_MS_OF_ID = " + ".join(
    f"(POSITION(SUBSTRING(`session_id` FROM {place} FOR 1) IN '0123456789abcdef') - 1) * CAST({16**power} AS BIGINT)"
    for power, place in zip(range(11, -1, -1), (*range(1, 9), *range(10, 14)), strict=True)
)
