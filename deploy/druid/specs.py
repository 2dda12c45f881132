"""Supervisor specs, retention rules and compaction, as what Druid's APIs take."""

from dataclasses import dataclass
from typing import Literal

from contracts import topics
from deploy.druid.fields import DERIVED, TIME, JsonObject, event_dimensions, rolled_up_dimensions

Grain = Literal["events", "minutes"]
GRAINS: tuple[Grain, ...] = ("events", "minutes")
KEPT_FOR: dict[Grain, str] = {"events": "P30D", "minutes": "P2Y"}
_ROWS_PER_SEGMENT = 5_000_000
"""Druid's own advice: segments of some 500 MB."""
SKETCH_SIZE = 4096
"""Distinct values up to which a sketch is exact; above, the error is about 1.6%. A query takes 16 bytes of merge buffer
for each of them, for each sketch and row of its result: with 16384, a buffer of 32 MB holds 64 rows of two sketches.
"""
_MEASURES: tuple[JsonObject, ...] = (
    {"type": "count", "name": "events"},
    {"type": "doubleSum", "name": "price_sum", "fieldName": "price"},
    {"type": "longSum", "name": "quantity_sum", "fieldName": "quantity"},
    {"type": "longSum", "name": "http_bytes_sum", "fieldName": "http_bytes"},
    {"type": "longSum", "name": "enrichment_ms_sum", "fieldName": "enrichment_ms"},
    {"type": "longMax", "name": "enrichment_ms_max", "fieldName": "enrichment_ms"},
    {"type": "thetaSketch", "name": "visitors", "fieldName": "visitor", "size": SKETCH_SIZE},
    {"type": "thetaSketch", "name": "sessions", "fieldName": "domain_sessionid", "size": SKETCH_SIZE},
)
"""Theta sketches, for they also intersect: visitors who saw and then bought."""


@dataclass(frozen=True, kw_only=True)
class Ingestion:
    """How a supervisor reads. Durations are ISO 8601."""

    bootstrap_servers: str
    tasks: int = 1
    """At most the topic's partitions."""
    replicas: int = 1
    """2 where a lost task must not leave a gap in queries until it is replaced."""
    task_duration: str = "PT1H"
    consumer: dict[str, str] | None = None
    """More Kafka properties, such as SASL."""


def datasource(purpose: str, grain: Grain) -> str:
    return f"clickstream_{purpose}_{grain}"


def supervisor(purpose: str, grain: Grain, how: Ingestion) -> JsonObject:
    """What ``POST /druid/indexer/v1/supervisor`` takes.

    Exactly once: offsets and segments are published in one transaction of Druid's metadata store, and
    ``read_committed`` hides what the enrichment job has not committed or has taken back.
    """
    return {
        "type": "kafka",
        "spec": {
            "dataSchema": {
                "dataSource": datasource(purpose, grain),
                "timestampSpec": {"column": TIME, "format": "millis"},
                "transformSpec": {"transforms": list(DERIVED)},
                "dimensionsSpec": {"dimensions": event_dimensions() if grain == "events" else rolled_up_dimensions()},
                "metricsSpec": [] if grain == "events" else list(_MEASURES),
                "granularitySpec": {
                    "type": "uniform",
                    "segmentGranularity": "HOUR",
                    "queryGranularity": "NONE" if grain == "events" else "MINUTE",
                    "rollup": grain == "minutes",
                },
            },
            "ioConfig": {
                "topic": topics.enriched(purpose).name,
                "inputFormat": {"type": "json"},
                "consumerProperties": {
                    "bootstrap.servers": how.bootstrap_servers,
                    "isolation.level": "read_committed",
                    **(how.consumer or {}),
                },
                "useEarliestOffset": True,
                "taskCount": how.tasks,
                "replicas": how.replicas,
                "startDelay": "PT1S",
                "period": "PT10S",
                "taskDuration": how.task_duration,
                "completionTimeout": "PT30M",
            },
            "tuningConfig": {
                "type": "kafka",
                "maxRowsPerSegment": _ROWS_PER_SEGMENT,
                "intermediatePersistPeriod": "PT10M",
                # Only the enrichment job writes there: what cannot be read is a bug, and must not pass unseen.
                "maxParseExceptions": 0,
                "logParseExceptions": True,
                # Offsets that the topic no longer has are lost events: somebody must know.
                "resetOffsetAutomatically": False,
            },
        },
    }


def retention(grain: Grain) -> list[JsonObject]:
    """What ``POST /druid/coordinator/v1/rules/<datasource>`` takes: the period is served, older segments are not.

    They stay in deep storage until a kill task removes them.
    """
    load = {"type": "loadByPeriod", "period": KEPT_FOR[grain], "includeFuture": True}
    return [{**load, "tieredReplicants": {"_default_tier": 1}}, {"type": "dropForever"}]


def compaction(purpose: str, grain: Grain) -> JsonObject:
    """What ``POST /druid/coordinator/v1/config/compaction`` takes: hours become days, sorted into ranges.

    Late events open further small segments in their hour, so the newest day is left alone.
    """
    first = "geo_country" if grain == "minutes" else "event_name"
    return {
        "dataSource": datasource(purpose, grain),
        "skipOffsetFromLatest": "P1D",
        "granularitySpec": {
            "segmentGranularity": "DAY",
            "queryGranularity": "NONE" if grain == "events" else "MINUTE",
            "rollup": grain == "minutes",
        },
        "tuningConfig": {
            "partitionsSpec": {
                "type": "range",
                "partitionDimensions": [first],
                "targetRowsPerSegment": _ROWS_PER_SEGMENT,
            }
        },
    }
