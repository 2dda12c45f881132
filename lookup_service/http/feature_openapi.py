"""The operations that read features, for the OpenAPI document."""

from typing import Any

from lookup_service.http.openapi_examples import (
    EXAMPLE_FEATURE_REQUEST,
    EXAMPLE_FEATURES,
    EXAMPLE_ONLINE_REQUEST,
    EXAMPLE_ONLINE_RESPONSE,
)
from lookup_service.http.openapi_parts import ALWAYS, WITH_BODY, component, content, problems

FEATURE_OPENAPI: dict[str, Any] = {
    "responses": {
        "200": {"description": "The features.", "content": content(component("FeatureResult"), EXAMPLE_FEATURES)},
    }
    | ALWAYS
    | problems("404", "422", "503"),
}
FEATURES_OPENAPI: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": content(component("FeatureRequest"), EXAMPLE_FEATURE_REQUEST),
    },
    "responses": {
        "200": {
            "description": "One result per id, in order.",
            "content": content(component("FeatureResponse"), {"results": [EXAMPLE_FEATURES, {"status": "missing"}]}),
        }
    }
    | WITH_BODY
    | problems("404"),
}
ONLINE_FEATURES_OPENAPI: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": content(component("OnlineFeaturesRequest"), EXAMPLE_ONLINE_REQUEST),
    },
    "responses": {
        "200": {
            "description": "One result per name in `metadata.feature_names`, each with one value per row.",
            "content": content(component("OnlineFeaturesResponse"), EXAMPLE_ONLINE_RESPONSE),
        }
    }
    | WITH_BODY
    | problems("404", "503"),
}
