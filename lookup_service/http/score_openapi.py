"""The operations of scores, for the OpenAPI document."""

from typing import Any

import msgspec

from contracts.lookup_api.lookups import DEADLINE_HEADER
from contracts.lookup_api.scores import ModelsAnswer, ScoreAnswer, ScoreRequest
from lookup_service.http.openapi_parts import ALWAYS, WITH_BODY, component, content, header, problems

TYPES: list[type[msgspec.Struct]] = [ScoreRequest, ScoreAnswer, ModelsAnswer]
EXAMPLE_SCORE_REQUEST = {
    "rows": [
        {"browser": "b0000001", "listing": "l00000001", "inputs": {"likelihood": 0.2}},
        {"browser": "b0000001", "listing": "l00000002"},
    ]
}
EXAMPLE_SCORE_ANSWER = {
    "request_id": "5e1a6d0f2c3b4a59",
    "model": "listing_recommendation",
    "version": "3",
    "features_version": "0f1e2d3c4b5a",
    "status": "degraded",
    "scores": [0.71, 0.12],
    "fallbacks": [[], ["likelihood"]],
}
EXAMPLE_MODELS = {
    "features_version": "0f1e2d3c4b5a",
    "models": [
        {
            "name": "listing_recommendation",
            "version": "3",
            "runtime": "onnx",
            "inputs": ["views_1h", "likelihood"],
            "features": ["browser__listing_views__1h"],
            "deadline_ms": 20,
            "loaded_tstamp": 1_790_000_000_000,
            "refused": "input likes: there is no feature listing__hearts__24h",
        }
    ],
}
MODEL_DEADLINE = header(DEADLINE_HEADER, "How long the caller waits, in ms from receipt; default: the model's own.")
SCORE_OPENAPI: dict[str, Any] = {
    "parameters": [MODEL_DEADLINE],
    "requestBody": {"required": True, "content": content(component("ScoreRequest"), EXAMPLE_SCORE_REQUEST)},
    "responses": {
        "200": {
            "description": "One score for each row, in order; `status` says whether something was not known.",
            "content": content(component("ScoreAnswer"), EXAMPLE_SCORE_ANSWER),
        }
    }
    | WITH_BODY
    | problems("404", "502", "503", "504"),
}
MODELS_OPENAPI: dict[str, Any] = {
    "responses": {
        "200": {
            "description": "The models of the folder.",
            "content": content(component("ModelsAnswer"), EXAMPLE_MODELS),
        }
    }
    | ALWAYS
}
