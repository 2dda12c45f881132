"""What the roll-ups count: events, visitors and sessions as sketches, and the steps to an order."""

from contracts.purposes.model import Purpose
from deploy.druid.fields import STEPS, TIME, Grain, JsonObject, readable

SKETCH_SIZE = 4096
"""Number of distinct values up to which a sketch is exact; above it the error is about 1.6%. For each sketch in each
row of its result, a query needs 16 bytes of merge buffer times this number: with 16384, a buffer of 32 MB is enough
for 64 rows of two sketches.
"""


def _sketch(name: str, field: str) -> JsonObject:
    return {"type": "thetaSketch", "name": name, "fieldName": field, "size": SKETCH_SIZE}


def _only(event_name: str, measure: JsonObject) -> JsonObject:
    wanted = {"type": "equals", "column": "event_name", "matchValueType": "STRING", "matchValue": event_name}
    return {"type": "filtered", "name": measure["name"], "filter": wanted, "aggregator": measure}


_COUNTED: tuple[JsonObject, ...] = (
    {"type": "count", "name": "events"},
    _sketch("visitors", "visitor"),
    _sketch("sessions", "domain_sessionid"),
)
_MEASURES: dict[Grain, tuple[JsonObject, ...]] = {
    "events": (),
    "visits": (
        *_COUNTED,
        *(_sketch(f"{step}s", step) for step in STEPS),
        _only("order", {"type": "count", "name": "orders"}),
    ),
    "actions": (
        *_COUNTED,
        _only("order", {"type": "doubleSum", "name": "revenue", "fieldName": "worth"}),
        {"type": "longSum", "name": "http_bytes_sum", "fieldName": "http_bytes"},
        {"type": "longSum", "name": "enrichment_ms_sum", "fieldName": "enrichment_ms"},
        {"type": "longMax", "name": "enrichment_ms_max", "fieldName": "enrichment_ms"},
    ),
}
"""Theta sketches, because they can be intersected: visitors who viewed and also bought. The visits do not have the
event's name as a dimension, so there the steps to an order are measures."""


def measures(purpose: Purpose, grain: Grain) -> list[JsonObject]:
    """The measures of the grain whose field the purpose has."""
    there = readable(purpose)
    inner = [(measure, measure.get("aggregator", measure)) for measure in _MEASURES[grain]]
    return [outer for outer, measure in inner if isinstance(measure, dict) and measure.get("fieldName", TIME) in there]
