"""Supervisor specs, retention rules and compaction in the form that Druid's APIs take."""

from dataclasses import dataclass

from contracts.purposes.model import Purpose
from deploy.druid.fields import ACTIONS, TIME, VISITS, Grain, JsonObject, dimensions, event_dimensions, transforms
from deploy.druid.measures import measures

KEPT_FOR: dict[Grain, str] = {"events": "P30D", "visits": "P2Y", "actions": "P2Y"}
PREFIX = "clickstream"
ROWS_PER_SEGMENT = 5_000_000
"""Druid's own advice: segments of some 500 MB."""


@dataclass(frozen=True, kw_only=True)
class Ingestion:
    """How a supervisor reads. Durations are ISO 8601."""

    bootstrap_servers: str
    tasks: int = 1
    """At most the topic's partitions."""
    replicas: int = 1
    """With 2, a lost task leaves no gap in queries until it is replaced."""
    task_duration: str = "PT1H"
    handoff_period: str = "PT5M"
    """How often roll-ups are published."""
    consumer: dict[str, str] | None = None
    """Further Kafka properties, such as SASL."""
    prefix: str = PREFIX
    """Of the datasources' names, for several environments in one Druid."""


def datasource(purpose: str, grain: Grain, prefix: str = PREFIX) -> str:
    return f"{prefix}_{purpose}_{grain}"


def grains(purpose: Purpose) -> tuple[Grain, ...]:
    """The datasources of a purpose. Only the purpose of all events is rolled up, because it has the others' events,
    too.
    """
    return ("events", "visits", "actions") if purpose.events is None else ("events",)


def supervisor(purpose: Purpose, grain: Grain, how: Ingestion) -> JsonObject:
    """The supervisor of a purpose's datasource."""
    schema: JsonObject = {
        "dataSource": datasource(purpose.name, grain, how.prefix),
        "timestampSpec": {"column": TIME, "format": "millis"},
        "transformSpec": {"transforms": transforms(purpose)},
        "dimensionsSpec": {"dimensions": _dimensions(purpose, grain)},
        "metricsSpec": measures(purpose, grain),
        "granularitySpec": {
            "type": "uniform",
            "segmentGranularity": "HOUR",
            "queryGranularity": "NONE" if grain == "events" else "MINUTE",
            "rollup": grain != "events",
        },
    }
    # By a fault of Druid, SQL finds no sketches in the part of a segment that a task has written to its disk. It finds
    # those of published segments.
    return of_topic(purpose.topic, schema, how, handoff=how.task_duration if grain == "events" else how.handoff_period)


def of_topic(topic: str, schema: JsonObject, how: Ingestion, *, handoff: str) -> JsonObject:
    """What ``POST /druid/indexer/v1/supervisor`` takes.

    Exactly once: Druid publishes offsets and segments in one transaction of its metadata store, and ``read_committed``
    hides what the job that writes the topic has not committed or has aborted.

    :param handoff: how often segments are published, an ISO 8601 duration.
    """
    return {
        "type": "kafka",
        "spec": {
            "dataSchema": schema,
            "ioConfig": {
                "topic": topic,
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
                "maxRowsPerSegment": ROWS_PER_SEGMENT,
                "intermediatePersistPeriod": "PT10M",
                "intermediateHandoffPeriod": handoff,
                # Only this project's jobs write the topics. A record that cannot be read is a bug and must not be
                # skipped.
                "maxParseExceptions": 0,
                "logParseExceptions": True,
                # If the topic no longer has an offset, events are lost: an error that shows, not a silent reset.
                "resetOffsetAutomatically": False,
            },
        },
    }


def _dimensions(purpose: Purpose, grain: Grain) -> list[JsonObject]:
    if grain == "events":
        return event_dimensions(purpose)
    return dimensions(purpose, VISITS if grain == "visits" else ACTIONS)


def retention(grain: Grain) -> list[JsonObject]:
    """The rules of a purpose's datasource."""
    return kept_for(KEPT_FOR[grain])


def kept_for(period: str) -> list[JsonObject]:
    """What ``POST /druid/coordinator/v1/rules/<datasource>`` takes: Druid serves the period and no older segments.

    Older segments stay in deep storage until a kill task removes them.
    """
    load = {"type": "loadByPeriod", "period": period, "includeFuture": True}
    return [{**load, "tieredReplicants": {"_default_tier": 1}}, {"type": "dropForever"}]


def compaction(name: str, grain: Grain) -> JsonObject:
    """What ``POST /druid/coordinator/v1/config/compaction`` takes: hours become days, sorted into ranges.

    The newest day is not compacted, because late events open further small segments in their hour.

    :param name: of the datasource.
    """
    return {
        "dataSource": name,
        "skipOffsetFromLatest": "P1D",
        "granularitySpec": {
            "segmentGranularity": "DAY",
            "queryGranularity": "NONE" if grain == "events" else "MINUTE",
            "rollup": grain != "events",
        },
        "tuningConfig": {
            "partitionsSpec": {
                "type": "range",
                "partitionDimensions": ["geo_country" if grain == "visits" else "event_name"],
                "targetRowsPerSegment": ROWS_PER_SEGMENT,
            }
        },
    }
