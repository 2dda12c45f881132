"""The quick decoder says the same as the strict one, or refuses."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.events.raw import RawEvent
from core.decode import decode
from core.flat_event import BadRow
from core.quick_decode import attributes_text, quickly_decoded
from tests.core.samples import raw

PATHS = (
    *("schema", "event_id", "event_name", "platform", "actor", "context", "times", "attributes"),
    *("actor.user_id", "actor.domain_userid", "actor.user_ipaddress", "actor.useragent", "context.app_id"),
    *("context.page_url", "context.dvce_screenwidth", "context.consent", "times.dvce_created_tstamp"),
    *("times.dvce_sent_tstamp", "attributes.listing_id", "attributes.price", "attributes.currency"),
    *("attributes.http_status", "attributes.unknown", "attributes.auth_outcome", "attributes.email_domain"),
    *("attributes.listing_text_hash", "attributes.listing_has_link", "attributes.listing_price_ratio"),
)
VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 7, 1536.0, 1.5, 10**30, "", "x", "x" * 65, "x" * 9_000, "eur", "EUR", "EUR\n", "view\n"),
    *("event-0001", "event 0001", "event-0001\n", "View", "v" * 65, "é", "1700000000000", [], {}, [1], {"a": [2]}),
    *("failure", "FAILURE", "example.org", "example.org\n", "ann@example.org", "0123456789abcdef"),
)


def _same(record: bytes) -> bool:
    """Whether it was decoded quickly. Fails where that says something else than the strict decoder."""
    quick, strict = quickly_decoded(record), decode(record)
    if quick is None:
        return False
    assert not isinstance(strict, BadRow)
    event, attributes, text, errors = strict
    assert errors is None
    assert attributes_text(record) == text
    for part in ("actor", "context", "times"):
        for name in getattr(event, part).__struct_fields__:
            assert getattr(getattr(quick, part), name) == getattr(getattr(event, part), name)
    for name in attributes.__struct_fields__:
        assert getattr(quick.attributes, name) == getattr(attributes, name)
    for name in set(RawEvent.__struct_fields__) - {"actor", "context", "times", "attributes"}:
        assert getattr(quick, name) == getattr(event, name)
    return True


def test_a_usual_event_is_decoded_quickly() -> None:
    assert _same(raw())
    assert _same(raw({"context.page_title": "København"}))
    assert _same(raw({"attributes.auth_outcome": "failure", "attributes.email_domain": "example.org"}))


@given(changes=st.dictionaries(st.sampled_from(PATHS), st.sampled_from(VALUES), min_size=1, max_size=2))
def test_what_is_accepted_is_what_the_strict_decoder_accepts(changes: dict[str, Any]) -> None:
    ordered = dict(sorted(changes.items(), key=lambda change: "." not in change[0]))  # parts of a level, then levels
    _same(raw(ordered))


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"{",
        raw() + b"x",
        raw().replace(b"l00000001", b"l\xff00001"),
        raw().replace(b"[1,2]", b'["\xff"]'),
        raw({"context.page_url": "x" * 70_000}),
        raw().replace(b"[1,2]", b"[" * 20_000 + b"]" * 20_000),
        raw({"event_name": "View"}),
        raw({"event_id": "has a space"}),
        raw({"attributes.currency": "eur"}),
        raw({"attributes.auth_outcome": "FAILURE"}),
        raw({"attributes.email_domain": "ann@example.org"}),
    ],
)
def test_what_is_odd_takes_the_long_way(record: bytes) -> None:
    assert quickly_decoded(record) is None


def test_of_attributes_that_are_there_twice_the_last_count() -> None:
    assert _same(raw().replace(b'"attributes":', b'"attributes":{"price":1},"attributes":'))
