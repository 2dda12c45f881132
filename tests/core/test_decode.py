from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.decode import decode, readable_event_id
from core.flat_event import BadRow
from tests.core.samples import VALID, raw


def test_a_valid_event_keeps_its_attributes_as_sent() -> None:
    decoded = decode(raw())
    assert not isinstance(decoded, BadRow)
    event, attributes, text, errors = decoded
    assert errors is None
    assert (event.event_id, attributes.listing_id) == (VALID["event_id"], "l00000001")
    assert text == '{"listing_id":"l00000001","price":12.5,"currency":"EUR","extra":{"deep":[1,2]}}'


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"event_id": ...}, "event_id"),
        ({"event_id": "has a space"}, "event_id"),
        ({"schema": "clickstream.raw/9"}, "schema"),
        ({"platform": "tv"}, "platform"),
        ({"actor": []}, "actor"),
        ({"actor.user_id": 7}, "actor.user_id"),
        ({"actor.user_id": "x" * 200}, "actor.user_id"),
        ({"context.app_id": ...}, "context.app_id"),
        ({"times.dvce_created_tstamp": -1}, "times.dvce_created_tstamp"),
        ({"times.dvce_created_tstamp": 10**30}, "times.dvce_created_tstamp"),
        ({"times": ...}, "times"),
        ({"attributes": "none"}, "attributes"),
        ({"actor.domain_userid": ""}, "actor.domain_userid"),
        ({"event_name": "listing_view\n"}, "event_name"),
        ({"times.dvce_sent_tstamp": "1700000000000"}, "times.dvce_sent_tstamp"),
        ({"times.dvce_sent_tstamp": 1700000000000.5}, "times.dvce_sent_tstamp"),
        ({"event_id": ..., "context.dvce_screenwidth": 1.5, "attributes.currency": "euro"}, "event_id"),
    ],
)
def test_a_schema_violation_names_its_field(changes: dict[str, Any], field: str) -> None:
    rejected = decode(raw(changes))
    assert isinstance(rejected, BadRow)
    assert (rejected.type, rejected.stage, rejected.field) == ("schema", "validate", field)


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        (b"", "size"),
        (raw({"context.page_url": "x" * 70_000}), "size"),
        (b"\x00", "json"),
        (b"{", "json"),
        (raw()[:-20], "json"),
        (raw() + b"x", "json"),
        (raw().replace(b"l00000001", b"l\x0000001"), "json"),
        (raw().replace(b"l00000001", b"l\xff00001"), "encoding"),
        (raw().replace(b"[1,2]", b"[" * 20_000 + b"]" * 20_000), "json"),
        (raw().replace(b"[1,2]", b"[NaN]"), "json"),
        (b"null", "schema"),
        (b"[]", "schema"),
    ],
)
def test_what_is_no_event_at_all_has_its_reason(payload: bytes, kind: str) -> None:
    rejected = decode(payload)
    assert isinstance(rejected, BadRow)
    assert (rejected.type, rejected.field) == (kind, "$")
    assert rejected.message


def test_messages_never_quote_values() -> None:
    address = "81.2.69.142"
    for path in ("schema", "platform", "event_id", "event_name", "actor", "context", "times", "attributes"):
        rejected = decode(raw({path: address}))
        assert isinstance(rejected, BadRow), path
        assert address not in rejected.message
        assert address not in rejected.field


@given(st.binary(max_size=400))
def test_no_bytes_raise(payload: bytes) -> None:
    assert isinstance(decode(payload), BadRow)


@given(st.integers(0, len(raw()) - 1), st.binary(min_size=1, max_size=4))
def test_no_damage_to_a_valid_event_raises(at: int, damage: bytes) -> None:
    payload = raw()
    decode(payload[:at] + damage + payload[at + len(damage) :])
    readable_event_id(payload[:at] + damage)


def test_the_id_of_a_rejected_event_is_read_where_it_can_be() -> None:
    assert readable_event_id(raw({"platform": "tv"})) == VALID["event_id"]
    assert readable_event_id(raw({"event_id": 5})) is None
    assert readable_event_id(b"{") is None
