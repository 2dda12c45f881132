"""The OpenAPI document of the routes, generated from the contracts' types."""

from collections.abc import Mapping
from typing import Any

import msgspec

from contracts.lookup_api import recent
from contracts.lookup_api.enrich import COLLECTOR_HEADER, EnrichResponse
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
from lookup_service.http.error_response import PROBLEM_MEDIA_TYPE
from lookup_service.http.openapi_examples import (
    EXAMPLE_ENRICHED,
    EXAMPLE_EVENT,
    EXAMPLE_FEATURES,
    EXAMPLE_PROBLEM,
    EXAMPLE_RECENT,
    EXAMPLE_REQUEST,
    EXAMPLE_RESPONSE,
    EXAMPLE_RISK_ANSWER,
    EXAMPLE_RISK_REQUEST,
)

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
            response["content"] = _PROBLEM


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


def _content(schema: dict[str, Any], example: object = None) -> dict[str, Any]:
    media: dict[str, Any] = {"schema": schema}
    if example is not None:
        media["example"] = example
    return {"application/json": media}


def _component(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _header(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "description": description, "schema": {"type": "integer", "minimum": 1}}


def _problems(*codes: str) -> dict[str, Any]:
    descriptions = {
        "400": "The client disconnected.",
        "401": "No valid API key.",
        "403": "The API key lacks the scope.",
        "404": "Not found.",
        "405": "The path does not allow the method; see Allow.",
        "408": "The body did not arrive in time.",
        "413": "Too many keys, events or bytes.",
        "415": "The content type or encoding is not supported.",
        "422": "The request is invalid.",
        "429": "Too many requests in progress, or the memory for bodies is full; see Retry-After.",
        "431": "Too many or too large headers.",
        "500": "Internal error.",
        "503": "Temporarily unavailable.",
    }
    return {code: {"description": descriptions[code], "content": _PROBLEM} for code in codes}


_PROBLEM = {PROBLEM_MEDIA_TYPE: {"schema": _component("Problem"), "example": EXAMPLE_PROBLEM}}
_ALWAYS = _problems("401", "403", "405", "429", "431", "500")
_WITH_BODY = _ALWAYS | _problems("400", "408", "413", "415", "422")
_DEADLINE = _header(
    DEADLINE_HEADER, "How long the caller waits, in ms from receipt; keys not resolved by then are `timeout`."
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
RECENT_OPENAPI: dict[str, Any] = {
    "parameters": [_DEADLINE],
    "responses": {
        "200": {
            "description": "One result a line. The answer ends by the deadline, with what was sent until then.",
            "content": {recent.MEDIA_TYPE: {"schema": _component("RecentResult"), "example": EXAMPLE_RECENT}},
        }
    }
    | _ALWAYS
    | _problems("422"),
}
ENRICH_OPENAPI: dict[str, Any] = {
    "parameters": [
        _DEADLINE,
        _header(COLLECTOR_HEADER, "When the events were collected, ms since 1970; default: now."),
    ],
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
RISK_OPENAPI: dict[str, Any] = {
    "parameters": [
        _header(DEADLINE_HEADER, "How long the caller waits, in ms from receipt; later the level would be `unknown`.")
    ],
    "requestBody": {"required": True, "content": _content(_component("RiskRequest"), EXAMPLE_RISK_REQUEST)},
    "responses": {
        "200": {
            "description": "The verdict. Without the state in time: level `unknown`, decision `allow`; see `status`.",
            "content": _content(_component("RiskAnswer"), EXAMPLE_RISK_ANSWER),
        }
    }
    | _WITH_BODY,
}
FEATURE_OPENAPI: dict[str, Any] = {
    "responses": {
        "200": {"description": "The features.", "content": _content(_component("FeatureResult"), EXAMPLE_FEATURES)},
    }
    | _ALWAYS
    | _problems("404", "422", "503"),
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
            "description": "Removed from this process and from Redis; other processes drop it within `memory_s`.",
            "content": _content(_REMOVED, {"removed": 2, "complete": True}),
        },
    }
    | _ALWAYS
    | _problems("422", "503"),
}
OPEN_OPENAPI: dict[str, Any] = {"security": [], "responses": _problems("405", "431", "500")}
READY_OPENAPI: dict[str, Any] = {"security": [], "responses": _problems("405", "431", "500", "503")}
METRICS_OPENAPI: dict[str, Any] = {"responses": _ALWAYS}
