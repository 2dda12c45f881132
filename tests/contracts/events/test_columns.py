"""The event as columns."""

import msgspec
import pytest

from contracts.events.columns import Column, columns
from contracts.events.enriched import EnrichedEvent


class _Nested(msgspec.Struct):
    inner: dict[str, int]


class _Mixed(msgspec.Struct):
    either: str | int


def test_every_field_is_a_column_in_order() -> None:
    assert [column.name for column in columns()] == [field.name for field in msgspec.structs.fields(EnrichedEvent)]


def test_kinds() -> None:
    found = {column.name: column for column in columns()}
    assert found["event_id"] == Column("event_id", "text", True)
    assert found["platform"].kind == "text"
    assert found["collector_tstamp"].kind == "integer"
    assert found["consent"] == Column("consent", "flag", False)
    assert found["geo_latitude"] == Column("geo_latitude", "number", False)
    assert found["field_errors"] == Column("field_errors", "json", False)
    assert found["user_type"] == Column("user_type", "text", False)


@pytest.mark.parametrize("event", [_Nested, _Mixed])
def test_what_is_not_flat_is_no_column(event: type[msgspec.Struct]) -> None:
    with pytest.raises(TypeError, match="is no column"):
        columns(event)
