import copy
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.publishing.compatibility import RELEASED, broken, faults
from contracts.publishing.json_schemas import FOLDER

SCHEMA: dict[str, Any] = {
    "$ref": "#/$defs/Event",
    "$defs": {
        "Event": {
            "type": "object",
            "required": ["id", "kind", "inner"],
            "properties": {
                "id": {"type": "string"},
                "price": {"anyOf": [{"type": "number", "minimum": 0, "maximum": 10}, {"type": "null"}]},
                "kind": {"enum": ["a", "b"]},
                "inner": {"$ref": "#/$defs/Inner"},
            },
        },
        "Inner": {"type": "object", "required": ["size"], "properties": {"size": {"type": "integer", "minimum": 0}}},
    },
}


PRICES: dict[str, dict[str, Any]] = {
    "wider": {"anyOf": [{"type": "number", "minimum": -1, "maximum": 11}, {"type": "null"}]},
    "narrower": {"anyOf": [{"type": "number", "minimum": 1, "maximum": 9}, {"type": "null"}]},
    "one end narrower": {"anyOf": [{"type": "number", "minimum": 1}, {"type": "null"}]},
    "bounds gone": {"anyOf": [{"type": "number"}, {"type": "null"}]},
    "anything": {"description": "words"},
}


def changed(change: str) -> dict[str, Any]:  # noqa: PLR0912 - one change, one branch
    schema = copy.deepcopy(SCHEMA)
    event, inner = schema["$defs"]["Event"], schema["$defs"]["Inner"]
    match change:
        case "added":
            event["properties"]["more"] = {"type": "string"}
        case "added, required":
            event["properties"]["more"] = {"type": "string"}
            event["required"].append("more")
        case "removed":
            del event["properties"]["price"]
        case "removed inside":
            del inner["properties"]["size"]
        case "retyped":
            event["properties"]["price"] = {"type": "string"}
        case "retyped inside":
            inner["properties"]["size"] = {"type": "string"}
        case "another form":
            event["properties"]["id"] = {"type": "string", "x-action": "pseudonymise"}
        case "optional":
            event["required"].remove("id")
        case "value added":
            event["properties"]["kind"]["enum"].append("c")
        case "value removed":
            event["properties"]["kind"]["enum"].remove("b")
        case "wider" | "narrower" | "one end narrower" | "bounds gone" | "anything":
            event["properties"]["price"] = PRICES[change]
        case "said twice":
            event["properties"]["id"] = {"type": "string", "not": {"pattern": "\\n"}}
        case "described":
            event["properties"]["id"]["description"] = "words"
    return schema


@pytest.mark.parametrize("change", ["nothing", "added", "added, required", "value added", "described", "said twice"])
def test_a_schema_may_grow(change: str) -> None:
    assert broken("late_event.v1", SCHEMA, changed(change)) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("removed", "price was removed"),
        ("removed inside", "inner.size was removed"),
        ("retyped", "price was retyped"),
        ("retyped inside", "inner.size was retyped"),
        ("another form", "id was retyped"),
        ("optional", "id is no longer required"),
        ("value removed", "kind was retyped"),
    ],
)
def test_what_consumers_would_stumble_over_is_named(change: str, fault: str) -> None:
    assert broken("late_event.v1", SCHEMA, changed(change)) == [
        f"late_event.v1: {fault}: a breaking change; publish a new topic version"
    ]


def test_what_comes_out_may_be_narrower_and_what_goes_in_wider() -> None:
    narrower, wider = changed("nothing"), changed("nothing")
    narrower["$defs"]["Event"]["properties"]["price"]["anyOf"][0]["maximum"] = 5
    del wider["$defs"]["Inner"]["properties"]["size"]["minimum"]
    assert broken("late_event.v1", SCHEMA, narrower) == []
    assert "inner.size has another range" in broken("late_event.v1", SCHEMA, wider)[0]
    assert broken("raw_event.v1", SCHEMA, wider) == []
    assert "price has another range" in broken("raw_event.v1", SCHEMA, narrower)[0]


def test_producers_may_not_be_asked_for_more() -> None:
    assert broken("raw_event.v1", SCHEMA, changed("added")) == []
    assert "more is new and required" in broken("raw_event.v1", SCHEMA, changed("added, required"))[0]


@pytest.mark.parametrize(
    ("change", "input_is_fine", "output_is_fine"),
    [
        ("wider", True, False),
        ("bounds gone", True, False),
        ("anything", True, False),
        ("narrower", False, True),
        ("one end narrower", False, False),
    ],
)
def test_inputs_may_only_widen_and_outputs_only_narrow(change: str, input_is_fine: bool, output_is_fine: bool) -> None:
    assert (broken("raw_event.v1", SCHEMA, changed(change)) == []) is input_is_fine
    assert (broken("late_event.v1", SCHEMA, changed(change)) == []) is output_is_fine


def test_todays_schemas_are_compatible_with_the_released_ones() -> None:
    assert faults() == []
    assert {file.name for file in RELEASED.iterdir()} <= {file.name for file in FOLDER.iterdir()}


def test_a_new_version_may_replace_a_schema_and_nothing_else_may(tmp_path: Path) -> None:
    released, current = tmp_path / "released", tmp_path / "current"
    for folder in (released, current):
        folder.mkdir()
    (released / "late_event.v1.schema.json").write_bytes(msgspec.json.encode(SCHEMA))
    assert faults(released, current) == ["late_event.v1: the schema was removed"]
    (current / "late_event.v2.schema.json").write_bytes(msgspec.json.encode(changed("removed")))
    assert faults(released, current) == []
