"""The published schemas and the strict decoders agree on every input: what a schema accepts is understood, and what is
understood is accepted.
"""

import json
import sys
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.strict_json import StrictDecoder
from contracts.publishing.json_schemas import SUFFIX, schemas, types
from tests.contracts.publishing.schema_values import mutated, values

pytestmark = pytest.mark.slow

NAMES = sorted(types())
SCHEMAS: dict[str, dict[str, Any]] = {name: json.loads(schemas()[name + SUFFIX]) for name in NAMES}
_checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
DECODERS = {name: StrictDecoder(kind) for name, kind in types().items()}
VALIDATORS = {name: jsonschema.Draft202012Validator(schema) for name, schema in SCHEMAS.items()}
DESCRIBED = {name: values(schema) for name, schema in SCHEMAS.items()}
LIKE_THEM = {name: mutated(schema) for name, schema in SCHEMAS.items()}
slowly = settings(max_examples=50, deadline=None, suppress_health_check=_checks)


def decodes(name: str, text: bytes) -> bool:
    try:
        DECODERS[name].decode(text)
    except msgspec.ValidationError:
        return False
    return True


def accepts(name: str, text: bytes) -> bool:
    return bool(VALIDATORS[name].is_valid(json.loads(text)))


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])


@pytest.mark.parametrize("name", NAMES)
@slowly
@given(data=st.data())
def test_what_a_schema_describes_is_decoded(name: str, data: st.DataObject) -> None:
    text = json.dumps(data.draw(DESCRIBED[name]), allow_nan=False).encode()
    assert accepts(name, text)
    assert decodes(name, text)


@pytest.mark.parametrize("name", NAMES)
@slowly
@given(data=st.data())
def test_of_anything_else_both_say_the_same(name: str, data: st.DataObject) -> None:
    text = json.dumps(data.draw(LIKE_THEM[name]), allow_nan=False).encode()
    assert decodes(name, text) == accepts(name, text)


@pytest.mark.parametrize(
    ("name", "text", "is_valid"),
    [
        ("feature_response.v1", b'{"results":[{"status":"ok","updated_tstamp":1.7e12,"features":{"a":["b"]}}]}', True),
        ("feature_response.v1", b'{"results":[{"status":"ok","features":{"a":[1]}}]}', False),
        ("feature_response.v1", b'{"results":[{"status":"ok","age_ms":17.5}]}', False),
        ("feature_response.v1", b'{"results":[{"status":"ok","age_ms":"x","age_ms":5}]}', True),
        ("feature_response.v1", b'{"results":[{"status":"ok","features":{"a":1e400}}]}', False),
        ("online_features_request.v1", b'{"entities":{"browser":["b",7.0,null]}}', True),
        ("online_features_request.v1", b'{"entities":{"browser":[true]}}', False),
        ("feature_request.v1", b'{"ids":"x","ids":["a"]}', True),
        ("lookup_response.v1", b'{"results":[{"status":"ok","value":{"a":1.0},"age_ms":5.0}]}', True),
        ("lookup_response.v1", b'{"results":[{"status":"ok","age_ms":true}]}', False),
        ("enriched_event.v1", b"null", False),
        ("raw_event.v1", b"[]", False),
    ],
)
def test_where_json_is_wider_than_it_looks(name: str, text: bytes, is_valid: bool) -> None:
    assert (decodes(name, text), accepts(name, text)) == (is_valid, is_valid)


def test_every_number_has_bounds_that_a_double_has() -> None:
    def bounded(schema: object) -> bool:
        if isinstance(schema, dict):
            if schema.get("type") == "number" and not (
                -sys.float_info.max <= schema["minimum"] <= schema["maximum"] <= sys.float_info.max
            ):
                return False
            return all(bounded(value) for value in schema.values())
        return all(map(bounded, schema)) if isinstance(schema, list) else True

    assert all(bounded(schema) for schema in SCHEMAS.values())
