"""OpenAPI of the routes, generated from the contracts' types."""

from typing import Any

import msgspec

from contracts.enrichment import COLLECTOR_HEADER, EnrichResponse
from contracts.features import FeatureRequest, FeatureResponse, FeatureResult
from contracts.lookup import DEADLINE_HEADER, PATH, VALUE_TYPES, LookupRequest, LookupResponse

EXAMPLE_REQUEST = {"keys": [{"kind": "ip", "key": "81.2.69.142"}, {"kind": "user", "key": "u0000020"}]}
EXAMPLE_RESPONSE = {
    "results": [
        {
            "status": "ok",
            "value": {"geo_country": "GB", "geo_region": "ENG", "geo_city": "London"},
            "source": "geoip",
            "data_version": "GeoLite2-City/2026-09-01T06:00:00Z",
            "age_ms": 1250,
        },
        {"status": "missing", "source": "redis_profiles", "age_ms": 0},
    ]
}
EXAMPLE_FEATURES = {
    "status": "ok",
    "features": {"views_1h": 12, "searches_1h": 3},
    "updated_tstamp": 1_790_000_000_000,
    "age_ms": 850,
}
EXAMPLE_EVENT = {
    "schema": "clickstream.raw/1",
    "event_id": "0f1e2d3c-0001",
    "event_name": "page_view",
    "platform": "web",
    "actor": {"user_ipaddress": "81.2.69.142", "user_id": "u0000001"},
    "context": {"app_id": "marketplace", "page_url": "https://market.example/listing/l00000001"},
    "times": {"dvce_created_tstamp": 1_790_000_000_000},
    "attributes": {"listing_id": "l00000001"},
}
EXAMPLE_ENRICHED = {
    "results": [
        {
            "outcome": "enriched",
            "event": {"event_id": "0f1e2d3c-0001", "geo_country": "GB", "geo_status": "ok", "user_status": "missing"},
        }
    ]
}
_REFUSAL = {
    "type": "object",
    "properties": {
        "error": {"type": "string"},
        "field": {"type": "string", "description": "Path of the field at fault; `$` is the body itself."},
    },
    "required": ["error", "field"],
}
_REMOVED = {
    "type": "object",
    "properties": {
        "removed": {"type": "integer", "description": "Copies in this process and in Redis."},
        "complete": {"type": "boolean", "description": "False: Redis could not be reached."},
    },
    "required": ["removed", "complete"],
}


def complete(schema: dict[str, Any]) -> dict[str, Any]:
    """With the contracts' schemas and the lookup route, which is not one of FastAPI's."""
    schema.setdefault("components", {}).setdefault("schemas", {}).update(_components())
    schema["paths"].setdefault(PATH, {"post": _LOOKUP})
    return schema


def _components() -> dict[str, Any]:
    types: list[type[msgspec.Struct]] = [LookupRequest, LookupResponse, *VALUE_TYPES.values()]
    types += [FeatureRequest, FeatureResponse, FeatureResult, EnrichResponse]
    _, schemas = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    schemas["LookupResult"]["properties"]["value"] = {
        "anyOf": [{"$ref": f"#/components/schemas/{value.__name__}"} for value in VALUE_TYPES.values()]
    }
    schemas["EnrichResult"]["properties"]["event"] = {"type": "object"}
    return schemas


def _content(schema: dict[str, Any], example: object = None) -> dict[str, Any]:
    media: dict[str, Any] = {"schema": schema}
    if example is not None:
        media["example"] = example
    return {"application/json": media}


def _component(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _header(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "description": description, "schema": {"type": "integer", "minimum": 1}}


def _refusals(*codes: str) -> dict[str, Any]:
    descriptions = {
        "401": "No valid API key.",
        "408": "The body did not come in time.",
        "413": "Too many keys, events or bytes.",
        "422": "Not such a request.",
        "429": "Too many requests under way; see Retry-After.",
    }
    return {code: {"description": descriptions[code], "content": _content(_REFUSAL)} for code in codes}


_ALWAYS = _refusals("401", "429")
_WITH_BODY = _ALWAYS | _refusals("408", "413", "422")
_DEADLINE = _header(
    DEADLINE_HEADER, "How long the caller waits, in ms from receipt; keys not answered by then are `timeout`."
)

_LOOKUP: dict[str, Any] = {
    "summary": "Look up a batch of keys",
    "parameters": [_DEADLINE],
    "requestBody": {"required": True, "content": _content(_component("LookupRequest"), EXAMPLE_REQUEST)},
    "responses": {
        "200": {
            "description": "One result per key, in order.",
            "content": _content(_component("LookupResponse"), EXAMPLE_RESPONSE),
        }
    }
    | _WITH_BODY,
}
ENRICH_OPENAPI: dict[str, Any] = {
    "parameters": [_DEADLINE, _header(COLLECTOR_HEADER, "When the events were collected, ms since 1970; else now.")],
    "requestBody": {
        "required": True,
        "content": _content({"type": "array", "items": {"type": "object"}}, [EXAMPLE_EVENT])
        | {"application/x-ndjson": {"schema": {"type": "string"}}},
    },
    "responses": {
        "200": {
            "description": "One result per event, in order.",
            "content": _content(_component("EnrichResponse"), EXAMPLE_ENRICHED),
        }
    }
    | _WITH_BODY,
}
FEATURE_OPENAPI: dict[str, Any] = {
    "responses": {
        "200": {"description": "The features.", "content": _content(_component("FeatureResult"), EXAMPLE_FEATURES)},
        "404": {
            "description": "None are stored.",
            "content": _content(_component("FeatureResult"), {"status": "missing"}),
        },
        "503": {"description": "Redis is down.", "content": _content(_component("FeatureResult"), {"status": "error"})},
    }
    | _ALWAYS
    | _refusals("422"),
}
FEATURES_OPENAPI: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": _content(_component("FeatureRequest"), {"ids": ["u0000001", "u0000002"]}),
    },
    "responses": {
        "200": {
            "description": "One result per id, in order.",
            "content": _content(_component("FeatureResponse"), {"results": [EXAMPLE_FEATURES, {"status": "missing"}]}),
        }
    }
    | _WITH_BODY,
}
CACHE_OPENAPI: dict[str, Any] = {
    "responses": {
        "200": {
            "description": "Forgotten here and in Redis; other processes forget within `memory_s`.",
            "content": _content(_REMOVED, {"removed": 2, "complete": True}),
        },
        "503": {
            "description": "Redis could not be told.",
            "content": _content(_REMOVED, {"removed": 1, "complete": False}),
        },
    }
    | _ALWAYS
    | _refusals("422"),
}
