"""A record's type as columns."""

import msgspec
import pytest

from contracts.events.columns import Column, columns
from contracts.events.enriched import EnrichedEvent
from contracts.sessions.records import SessionRecord


class _Nested(msgspec.Struct):
    inner: dict[str, list[int]]


class _Mixed(msgspec.Struct):
    either: str | int


@pytest.mark.parametrize("record", [EnrichedEvent, SessionRecord])
def test_every_field_is_a_column_in_order(record: type[msgspec.Struct]) -> None:
    assert [column.name for column in columns(record)] == [field.name for field in msgspec.structs.fields(record)]


def test_kinds() -> None:
    found = {column.name: column for column in columns()}
    assert found["event_id"] == Column("event_id", "text", True)
    assert found["platform"].kind == "text"
    assert found["collector_tstamp"].kind == "integer"
    assert found["consent"] == Column("consent", "flag", False)
    assert found["geo_latitude"] == Column("geo_latitude", "number", False)
    assert found["field_errors"] == Column("field_errors", "json", False)
    assert found["user_type"] == Column("user_type", "text", False)


def test_what_an_absent_field_means() -> None:
    assert {column.default for column in columns()} == {None}, "the lake's rows of events would change"
    found = {column.name: column for column in columns(SessionRecord)}
    assert found["session_id"] == Column("session_id", "text", True, None)
    assert found["end_reason"] == Column("end_reason", "text", False, None)
    assert found["is_bot"] == Column("is_bot", "flag", False, False)
    assert found["delta_order_value"] == Column("delta_order_value", "number", False, 0.0)
    assert found["event_counts"] == Column("event_counts", "json", False, None)


@pytest.mark.parametrize("event", [_Nested, _Mixed])
def test_what_is_not_flat_is_no_column(event: type[msgspec.Struct]) -> None:
    with pytest.raises(TypeError, match="is no column"):
        columns(event)
