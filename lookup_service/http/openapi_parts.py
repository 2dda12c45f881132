"""Parts that the operations of the OpenAPI document are made of."""

from typing import Any

from lookup_service.http.error_response import PROBLEM_MEDIA_TYPE
from lookup_service.http.openapi_examples import EXAMPLE_PROBLEM


def content(schema: dict[str, Any], example: object = None) -> dict[str, Any]:
    media: dict[str, Any] = {"schema": schema}
    if example is not None:
        media["example"] = example
    return {"application/json": media}


def component(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def header(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "description": description, "schema": {"type": "integer", "minimum": 1}}


def problems(*codes: str) -> dict[str, Any]:
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
    return {code: {"description": descriptions[code], "content": PROBLEM} for code in codes}


PROBLEM = {PROBLEM_MEDIA_TYPE: {"schema": component("Problem"), "example": EXAMPLE_PROBLEM}}
ALWAYS = problems("401", "403", "405", "429", "431", "500")
WITH_BODY = ALWAYS | problems("400", "408", "413", "415", "422")
