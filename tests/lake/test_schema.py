"""``make check`` refuses changes of columns after which old and new files could not be read together."""

import copy
from typing import Any

import msgspec
import pytest

from contracts.events.columns import Column, columns
from contracts.publishing.compatibility import RELEASED, broken

NAME = "enriched_event.v1"
OTHER_TYPES = {"string": "integer", "integer": "number", "number": "string", "boolean": "string", "array": "string"}


@pytest.fixture(scope="module")
def released() -> dict[str, Any]:
    return msgspec.json.decode((RELEASED / f"{NAME}.schema.json").read_bytes())  # type: ignore[no-any-return]


def _properties(schema: dict[str, Any]) -> dict[str, Any]:
    """The properties of the event itself, which the schema has at its root or behind a ``$ref``."""
    found = schema if "properties" in schema else schema["$defs"][schema["$ref"].rpartition("/")[2]]
    return found["properties"]  # type: ignore[no-any-return]


def _released(schema: dict[str, Any]) -> list[Column]:
    """Columns that are already released. Newer ones may still change."""
    found = [column for column in columns() if column.name in _properties(schema)]
    assert found
    return found


def test_every_column_is_compared_with_the_released_event(released: dict[str, Any]) -> None:
    """So a removed or renamed column fails the check."""
    for column in _released(released):
        changed = copy.deepcopy(released)
        del _properties(changed)[column.name]
        assert f"{NAME}: {column.name} was removed: a breaking change; publish a new topic version" in broken(
            NAME, released, changed
        )


def test_a_column_of_another_type_is_refused(released: dict[str, Any]) -> None:
    for column in _released(released):
        changed = copy.deepcopy(released)
        _properties(changed)[column.name] = {"type": OTHER_TYPES[_type(column.kind)]}
        assert f"{NAME}: {column.name} was retyped: a breaking change; publish a new topic version" in broken(
            NAME, released, changed
        )


def test_a_new_nullable_column_is_accepted(released: dict[str, Any]) -> None:
    changed = copy.deepcopy(released)
    _properties(changed)["anything_new"] = {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}
    assert broken(NAME, released, changed) == []


def _type(kind: str) -> str:
    return {"text": "string", "integer": "integer", "number": "number", "flag": "boolean", "json": "array"}[kind]
