"""The datasource of sessions: session records, rolled up by the minute in which the session began.

Its measures are sums of the records' deltas, so that several versions of a session count once: a version adds only what
it changes. A sum over all rows is therefore exact, whatever was corrected or merged. Of a sum by a dimension this holds
as long as the dimension keeps its value from version to version. What a later version changes, such as a channel that
is known with the second event, does not move what earlier versions have added. A superseded session, and one that ended
by an opt-out, has no content: its minus is in the row without values. The lake's view ``sessions`` is exact there, too.

Ids are left out: of visitor, account and session, because Druid cannot delete one person's rows.
"""

from contracts.events.columns import Column, columns
from contracts.fixed_topics import SESSIONS
from contracts.sessions.records import SessionRecord
from deploy.druid.fields import TYPES, JsonObject
from deploy.druid.specs import PREFIX, ROWS_PER_SEGMENT, Ingestion, of_topic

KEPT_FOR = "P2Y"
SESSION_TIME = "start_tstamp"
"""Druid's ``__time``. A session is counted when it began, however late a record about it comes."""
DIMENSIONS = (
    "kind",
    "visitor_kind",
    "channel",
    "mkt_source",
    "mkt_medium",
    "mkt_campaign",
    "entry_page",
    "geo_country",
    "device",
    "order_currency",
    "bot",
)
MEASURES = {
    column.name.removeprefix("delta_"): column for column in columns(SessionRecord) if column.name.startswith("delta_")
}
"""Name of the measure → the field that it sums up."""
_BOT = Column("bot", "text", False)
_COLUMNS = {column.name: column for column in (*columns(SessionRecord), _BOT)}
_SUMS = {"integer": "longSum", "number": "doubleSum"}


def session_datasource(prefix: str = PREFIX) -> str:
    return f"{prefix}_sessions"


def session_supervisor(how: Ingestion) -> JsonObject:
    """The supervisor of the sessions."""
    schema: JsonObject = {
        "dataSource": session_datasource(how.prefix),
        "timestampSpec": {"column": SESSION_TIME, "format": "millis"},
        # As of the events: a JSON true arrives as text or as 1, depending on Druid's version. A record leaves it out
        # where it is false.
        "transformSpec": {
            "transforms": [
                {
                    "type": "expression",
                    "name": _BOT.name,
                    "expression": "if(regexp_like(lower(nvl(is_bot,'')),'^(true|1)$'),'yes','no')",
                }
            ]
        },
        "dimensionsSpec": {"dimensions": [{"type": TYPES[_COLUMNS[name].kind], "name": name} for name in DIMENSIONS]},
        "metricsSpec": [
            {"type": "count", "name": "records"},
            *(
                {"type": _SUMS[column.kind], "name": name, "fieldName": column.name}
                for name, column in MEASURES.items()
            ),
        ],
        "granularitySpec": {
            "type": "uniform",
            "segmentGranularity": "HOUR",
            "queryGranularity": "MINUTE",
            "rollup": True,
        },
    }
    return of_topic(SESSIONS.name, schema, how, handoff=how.task_duration)


def session_compaction(prefix: str = PREFIX) -> JsonObject:
    """What ``POST /druid/coordinator/v1/config/compaction`` takes: hours become days.

    The newest four days are not compacted, because for three days late events correct a session.
    """
    return {
        "dataSource": session_datasource(prefix),
        "skipOffsetFromLatest": "P4D",
        "granularitySpec": {"segmentGranularity": "DAY", "queryGranularity": "MINUTE", "rollup": True},
        "tuningConfig": {
            "partitionsSpec": {
                "type": "range",
                "partitionDimensions": ["channel"],
                "targetRowsPerSegment": ROWS_PER_SEGMENT,
            }
        },
    }
