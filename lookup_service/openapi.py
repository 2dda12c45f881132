"""OpenAPI of the lookup route, generated from the contract's types."""

from typing import Any

import msgspec

from contracts.lookup import DEADLINE_HEADER, VALUE_TYPES, LookupRequest, LookupResponse

EXAMPLE_REQUEST = {"keys": [{"kind": "ip", "key": "81.2.69.142"}, {"kind": "user", "key": "u0000020"}]}
EXAMPLE_RESPONSE = {
    "results": [
        {
            "status": "ok",
            "value": {"geo_country": "GB", "geo_region": "ENG", "geo_city": "London"},
            "source": "geoip",
            "data_version": "GeoLite2-City/2026-09-01T06:00:00Z",
            "age_ms": 0,
        },
        {"status": "missing", "source": "redis", "age_ms": 0},
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


def components() -> dict[str, Any]:
    """The contract's schemas by name, for ``#/components/schemas``."""
    types = [LookupRequest, LookupResponse, *VALUE_TYPES.values()]
    _, schemas = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    schemas["LookupResult"]["properties"]["value"] = {
        "anyOf": [{"$ref": f"#/components/schemas/{value.__name__}"} for value in VALUE_TYPES.values()]
    }
    return schemas


def _content(schema: dict[str, Any], example: object = None) -> dict[str, Any]:
    media: dict[str, Any] = {"schema": schema}
    if example is not None:
        media["example"] = example
    return {"application/json": media}


LOOKUP_OPENAPI: dict[str, Any] = {
    "parameters": [
        {
            "name": DEADLINE_HEADER,
            "in": "header",
            "description": "How long the caller waits, in ms from receipt; keys not answered by then are `timeout`.",
            "schema": {"type": "integer", "minimum": 1},
        }
    ],
    "requestBody": {
        "required": True,
        "content": _content({"$ref": "#/components/schemas/LookupRequest"}, EXAMPLE_REQUEST),
    },
    "responses": {
        "200": {
            "description": "One result per key, in order.",
            "content": _content({"$ref": "#/components/schemas/LookupResponse"}, EXAMPLE_RESPONSE),
        },
        "413": {"description": "Too many keys or bytes.", "content": _content(_REFUSAL)},
        "422": {"description": "Not a lookup request.", "content": _content(_REFUSAL)},
    },
}
