"""The OpenAPI document of the routes, generated from the contracts' types."""

from collections.abc import Mapping
from typing import Any

import msgspec

from contracts.lookup_api import recent
from contracts.lookup_api.enrich import COLLECTOR_HEADER, EnrichResponse
from contracts.lookup_api.feast import OnlineFeaturesRequest, OnlineFeaturesResponse
from contracts.lookup_api.features import FeatureRequest, FeatureResponse, FeatureResult
from contracts.lookup_api.lookups import (
    API_KEY_HEADER,
    DEADLINE_HEADER,
    PATH,
    VALUE_TYPES,
    LookupRequest,
    LookupResponse,
)
from contracts.security.risk import RiskAnswer, RiskRequest
from lookup_service.http.openapi_examples import (
    EXAMPLE_ENRICHED,
    EXAMPLE_EVENT,
    EXAMPLE_RECENT,
    EXAMPLE_REQUEST,
    EXAMPLE_RESPONSE,
    EXAMPLE_RISK_ANSWER,
    EXAMPLE_RISK_REQUEST,
)
from lookup_service.http.openapi_parts import ALWAYS, PROBLEM, WITH_BODY, component, content, header, problems

PROBLEM_SCHEMA = {
    "type": "object",
    "description": "Problem details (RFC 9457). No member shows a value of the request.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string", "description": "The status in words."},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong."},
        "field": {"type": "string", "description": "Path of the invalid field or name of the header; `$`: the body."},
    },
    "required": ["type", "title", "status", "detail", "field"],
}
_SECURITY_SCHEMES = {
    "api_key": {"type": "apiKey", "in": "header", "name": API_KEY_HEADER},
    "bearer": {"type": "http", "scheme": "bearer"},
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
    """Adds the contracts' schemas, the API keys, a HEAD for each GET, and the lookup route, which is not FastAPI's."""
    components = schema.setdefault("components", {})
    # Without FastAPI's own error schemas, which no response has.
    kept = {name: found for name, found in components.get("schemas", {}).items() if "ValidationError" not in name}
    components["schemas"] = kept | {"Problem": PROBLEM_SCHEMA} | _components()
    components["securitySchemes"] = _SECURITY_SCHEMES
    schema["security"] = [{name: []} for name in _SECURITY_SCHEMES]
    schema["paths"].setdefault(PATH, {"post": _LOOKUP})
    for path in schema["paths"].values():
        for operation in path.values():
            _drop_validation_errors(operation["responses"])
        if "get" in path:
            path["head"] = _without_bodies(path["get"])
    return schema


def _drop_validation_errors(responses: Mapping[str, dict[str, Any]]) -> None:
    """Removes the content that FastAPI adds to the declared one."""
    for code, response in responses.items():
        if code >= "400":
            response["content"] = PROBLEM


def _without_bodies(get: Mapping[str, Any]) -> dict[str, Any]:
    responses = {code: {"description": response["description"]} for code, response in get["responses"].items()}
    head = {**get, "summary": f"{get['summary']}: headers only", "responses": responses}
    if "operationId" in head:
        head["operationId"] += "_head"
    return head


def _components() -> dict[str, Any]:
    types: list[type[msgspec.Struct]] = [LookupRequest, LookupResponse, *VALUE_TYPES.values()]
    types += [
        recent.RecentResult,
        FeatureRequest,
        FeatureResponse,
        FeatureResult,
        OnlineFeaturesRequest,
        OnlineFeaturesResponse,
        EnrichResponse,
        RiskRequest,
        RiskAnswer,
    ]
    _, schemas = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    schemas["LookupResult"]["properties"]["value"] = {
        "anyOf": [{"$ref": f"#/components/schemas/{value.__name__}"} for value in VALUE_TYPES.values()]
    }
    schemas["EnrichResult"]["properties"]["event"] = {"type": "object"}
    return schemas


_DEADLINE = header(
    DEADLINE_HEADER, "How long the caller waits, in ms from receipt; keys not resolved by then are `timeout`."
)

_LOOKUP: dict[str, Any] = {
    "summary": "Look up a batch of keys",
    "parameters": [_DEADLINE],
    "requestBody": {"required": True, "content": content(component("LookupRequest"), EXAMPLE_REQUEST)},
    "responses": {
        "200": {
            "description": "One result per key, in order.",
            "content": content(component("LookupResponse"), EXAMPLE_RESPONSE),
        }
    }
    | WITH_BODY,
}
RECENT_OPENAPI: dict[str, Any] = {
    "parameters": [_DEADLINE],
    "responses": {
        "200": {
            "description": "One result a line. The answer ends by the deadline, with what was sent until then.",
            "content": {recent.MEDIA_TYPE: {"schema": component("RecentResult"), "example": EXAMPLE_RECENT}},
        }
    }
    | ALWAYS
    | problems("422"),
}
ENRICH_OPENAPI: dict[str, Any] = {
    "parameters": [
        _DEADLINE,
        header(COLLECTOR_HEADER, "When the events were collected, ms since 1970; default: now."),
    ],
    "requestBody": {
        "required": True,
        "content": content({"type": "array", "items": {"type": "object"}}, [EXAMPLE_EVENT])
        | {"application/x-ndjson": {"schema": {"type": "string"}}},
    },
    "responses": {
        "200": {
            "description": "One result per event, in order.",
            "content": content(component("EnrichResponse"), EXAMPLE_ENRICHED),
        }
    }
    | WITH_BODY,
}
RISK_OPENAPI: dict[str, Any] = {
    "parameters": [
        header(DEADLINE_HEADER, "How long the caller waits, in ms from receipt; later the level would be `unknown`.")
    ],
    "requestBody": {"required": True, "content": content(component("RiskRequest"), EXAMPLE_RISK_REQUEST)},
    "responses": {
        "200": {
            "description": "The verdict. Without the state in time: level `unknown`, decision `allow`; see `status`.",
            "content": content(component("RiskAnswer"), EXAMPLE_RISK_ANSWER),
        }
    }
    | WITH_BODY,
}
CACHE_OPENAPI: dict[str, Any] = {
    "responses": {
        "200": {
            "description": "Removed from this process and from Redis; other processes drop it within `memory_s`.",
            "content": content(_REMOVED, {"removed": 2, "complete": True}),
        },
    }
    | ALWAYS
    | problems("422", "503"),
}
OPEN_OPENAPI: dict[str, Any] = {"security": [], "responses": problems("405", "431", "500")}
READY_OPENAPI: dict[str, Any] = {"security": [], "responses": problems("405", "431", "500", "503")}
METRICS_OPENAPI: dict[str, Any] = {"responses": ALWAYS}
