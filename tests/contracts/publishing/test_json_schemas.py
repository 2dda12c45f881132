import json
from typing import Any

import jsonschema
import pytest

from contracts.events.enriched import EnrichedEvent
from contracts.publishing.json_schemas import FOLDER, schemas
from tests.core.samples import VALID, raw


def _schema(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FOLDER / f"{name}.schema.json").read_text())
    return loaded


def test_the_published_files_are_what_the_types_say() -> None:
    assert {file.name: file.read_bytes() for file in FOLDER.iterdir()} == schemas()


def test_the_raw_schema_takes_a_valid_event() -> None:
    jsonschema.Draft202012Validator(_schema("raw_event.v1")).validate(VALID)


@pytest.mark.parametrize(
    "changes",
    [{"event_id": ...}, {"actor.user_id": 7}, {"platform": "tv"}, {"attributes": "x"}, {"attributes.price": "x"}],
)
def test_the_raw_schema_refuses_what_the_job_refuses(changes: dict[str, Any]) -> None:
    assert list(jsonschema.Draft202012Validator(_schema("raw_event.v1")).iter_errors(json.loads(raw(changes))))


def test_enriched_events_are_flat_but_for_the_list_of_odd_values() -> None:
    schema = _schema("enriched_event.v1")["$defs"]["EnrichedEvent"]
    assert set(schema["properties"]) == set(EnrichedEvent.__struct_fields__)
    for name, field in schema["properties"].items():
        kinds = {option.get("type") for option in field.get("anyOf", [field])}
        assert not kinds & {"object", "array"} or (name, kinds) == ("field_errors", {"array", "null"}), name


def test_no_field_is_a_bare_timestamp() -> None:
    assert "timestamp" not in EnrichedEvent.__struct_fields__
