"""The operations of the Open Inference Protocol v2, for the OpenAPI document. Errors have its member ``error`` too."""

from typing import Any

import msgspec

from contracts.lookup_api.inference import (
    InferenceRequest,
    InferenceResponse,
    ModelMetadata,
    ModelReady,
    ServerMetadata,
)
from lookup_service.http.openapi_parts import ALWAYS, WITH_BODY, component, content, problems
from lookup_service.http.score_openapi import MODEL_DEADLINE

TYPES: list[type[msgspec.Struct]] = [InferenceRequest, InferenceResponse, ModelMetadata, ModelReady, ServerMetadata]
EXAMPLE_INFER_REQUEST = {
    "id": "1",
    "inputs": [{"name": "input", "shape": [2, 2], "datatype": "FP32", "data": [1.4, 0.2, 0, 0.5]}],
}
EXAMPLE_INFER_RESPONSE = {
    "model_name": "listing_recommendation",
    "model_version": "3",
    "id": "1",
    "outputs": [{"name": "probabilities", "shape": [2, 2], "datatype": "FP32", "data": [0.3, 0.7, 0.9, 0.1]}],
}
_OPEN = problems("405", "431", "500")
SERVER_OPENAPI: dict[str, Any] = {
    "security": [],
    "responses": {
        "200": {"description": "Name and version.", "content": content(component("ServerMetadata"))},
        **_OPEN,
    },
}
LIVE_OPENAPI: dict[str, Any] = {"security": [], "responses": {"200": {"description": "Yes."}, **_OPEN}}
METADATA_OPENAPI: dict[str, Any] = {
    "responses": {
        "200": {"description": "Names, types and shapes.", "content": content(component("ModelMetadata"))},
    }
    | ALWAYS
    | problems("404", "503"),
}
MODEL_READY_OPENAPI: dict[str, Any] = {
    "responses": {"200": {"description": "Yes.", "content": content(component("ModelReady"))}}
    | ALWAYS
    | problems("404", "503"),
}
INFER_OPENAPI: dict[str, Any] = {
    "parameters": [MODEL_DEADLINE],
    "requestBody": {"required": True, "content": content(component("InferenceRequest"), EXAMPLE_INFER_REQUEST)},
    "responses": {
        "200": {
            "description": "The output that the model declares.",
            "content": content(component("InferenceResponse"), EXAMPLE_INFER_RESPONSE),
        }
    }
    | WITH_BODY
    | problems("404", "502", "503", "504"),
}
