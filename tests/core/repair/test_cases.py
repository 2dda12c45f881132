"""One odd optional value keeps its event: what each kind of odd value becomes."""

import json
from typing import Any

import msgspec
import pytest

from contracts.events.enriched import EventFields
from core.flat_event import BadRow, FlatEvent
from core.flatten import flatten
from tests.core.samples import VALID, raw

COLLECTOR = 1_700_000_001_000
NUMBER = b'"dvce_screenwidth":1'


def fields_of(payload: bytes) -> EventFields:
    event = flatten(payload, COLLECTOR, COLLECTOR + 7)
    assert not isinstance(event, BadRow), event
    return event.fields


def named(fields: EventFields) -> list[tuple[str, str]]:
    return [(error.field, error.reason) for error in fields.field_errors or ()]


@pytest.mark.parametrize(
    ("path", "sent", "value", "reason"),
    [
        ("context.dvce_screenwidth", 1536.0, 1536, "whole_number"),
        ("context.dvce_screenwidth", 1536.8, 1537, "rounded"),
        ("context.dvce_screenwidth", 1536.5, 1537, "rounded"),
        ("context.dvce_screenwidth", 100_000.4, 100_000, "rounded"),
        ("context.dvce_screenwidth", -0.0, 0, "whole_number"),
        ("context.dvce_screenwidth", "1536", 1536, "quoted"),
        ("context.dvce_screenwidth", " 1536.8 ", 1537, "rounded"),
        ("context.dvce_screenwidth", "1536px", None, "wrong_type"),
        ("context.dvce_screenwidth", "", None, "wrong_type"),
        ("context.dvce_screenwidth", "\u0661\u0665", None, "wrong_type"),
        ("context.dvce_screenwidth", True, None, "wrong_type"),
        ("context.dvce_screenwidth", [1536], None, "wrong_type"),
        ("context.dvce_screenwidth", {}, None, "wrong_type"),
        ("context.dvce_screenwidth", -1, None, "out_of_range"),
        ("context.dvce_screenwidth", 10**30, None, "out_of_range"),
        ("context.dvce_screenwidth", 1e300, None, "out_of_range"),
        ("context.page_title", 2024, "2024", "unquoted"),
        ("context.page_title", 7.1, None, "wrong_type"),
        ("context.page_title", False, None, "wrong_type"),
        ("context.page_title", {"de": "Fahrrad"}, None, "wrong_type"),
        ("context.page_title", "Fahrrad \ud83d", "Fahrrad \ufffd", "surrogate"),
        ("context.page_title", "\ude00\ud83d", "\ufffd\ufffd", "surrogate"),
        ("context.page_title", "\ud83d" + "x" * 9000, "\ufffd" + "x" * 8191, "cut"),
        ("context.page_url", "https://x.example/😀" + "x" * 8300, "https://x.example/😀" + "x" * 8173, "cut"),
        ("actor.useragent", "x" * 2100, "x" * 2048, "cut"),
        ("actor.useragent", None, None, None),
        ("actor.user_ipaddress", ", ".join(f"2a02:c7d:1::{number}" for number in range(1, 6)), "2a02:c7d:1::1", "cut"),
        ("actor.user_ipaddress", ["81.2.69.142"], "81.2.69.142", "cut"),
        ("actor.user_ipaddress", ["10.0.0.1", None, "unknown", "81.2.69.142:443"], "81.2.69.142", "cut"),
        ("actor.user_ipaddress", ["2a02:c7d:1::1"] * 50, "2a02:c7d:1::1", "cut"),
        ("actor.user_ipaddress", ["ann@example.org"], None, "wrong_type"),
        ("actor.user_ipaddress", [81, {"a": "81.2.69.142"}], None, "wrong_type"),
        ("actor.user_ipaddress", [], None, "wrong_type"),
        ("actor.user_ipaddress", {"ip": "81.2.69.142"}, None, "wrong_type"),
        ("actor.useragent", ["81.2.69.142"], None, "wrong_type"),
        ("actor.user_ipaddress", '["81.2.69.142"]', "81.2.69.142", None),
        ("actor.user_ipaddress", "unknown " * 20, ("unknown " * 8), "cut"),
        ("actor.user_ipaddress", "81.2.69.142:51000", "81.2.69.142", None),
        ("actor.user_ipaddress", " 2A02:C7D:1::1 ", "2a02:c7d:1::1", None),
        ("actor.user_ipaddress", "ann@example.org", "ann@example.org", None),
        ("attributes.http_status", 0, None, "out_of_range"),
        ("attributes.http_status", 9, None, "out_of_range"),
        ("attributes.http_status", 999, None, "out_of_range"),
        ("attributes.http_status", "000", None, "out_of_range"),
        ("attributes.http_status", "404", 404, "quoted"),
        ("attributes.http_method", "G" * 17, None, "malformed"),
        ("attributes.currency", "eur", "EUR", "upper_case"),
        ("attributes.currency", " Eur\n", "EUR", "upper_case"),
        ("attributes.currency", "EUR\n", "EUR", "upper_case"),
        ("attributes.currency", "euro", None, "malformed"),
        ("attributes.currency", "eß", None, "malformed"),
        ("attributes.currency", 978, None, "malformed"),
        ("attributes.price", -5, -5.0, None),
        ("attributes.price", "12.50", 12.5, "quoted"),
        ("attributes.price", "-5", -5.0, "quoted"),
        ("attributes.price", "12,50", None, "wrong_type"),
        ("attributes.price", "NaN", None, "wrong_type"),
        ("attributes.price", "1e400", None, "out_of_range"),
        ("attributes.price", True, None, "wrong_type"),
        ("attributes.price", -1.1e12, None, "out_of_range"),
        ("attributes.quantity", 2.0, 2, "whole_number"),
        ("attributes.listing_id", 4711, "4711", "unquoted"),
        ("attributes.listing_id", "", None, "malformed"),
        ("attributes.listing_id", "x" * 129, None, "malformed"),
        ("attributes.order_id", ["o1"], None, "wrong_type"),
    ],
)
def test_an_odd_optional_value(path: str, sent: object, value: object, reason: str | None) -> None:
    fields = fields_of(raw({path: sent}))
    assert getattr(fields, path.rpartition(".")[2]) == value
    assert named(fields) == ([] if reason is None else [(path, reason)])


@pytest.mark.parametrize(
    ("sent", "consents", "reason"),
    [
        (True, True, None),
        (None, None, None),
        ("true", True, "quoted"),
        ("False", False, "quoted"),
        ("no", False, "refused"),
        ("", False, "refused"),
        (0, False, "refused"),
        (1, False, "refused"),
        ([True], False, "refused"),
        ("granted", False, "refused"),
    ],
)
def test_a_consent_that_cannot_be_read_is_a_no(sent: object, consents: bool | None, reason: str | None) -> None:
    fields = fields_of(raw({"context.consent": sent}))
    assert fields.consent is consents
    assert named(fields) == ([] if reason is None else [("context.consent", reason)])


@pytest.mark.parametrize(
    ("literal", "value", "reason"),
    [
        (b"1e400", None, "out_of_range"),
        (b"1.536e3", 1536, "whole_number"),
        (b"9" * 5000, None, "out_of_range"),
        (b"-0", 0, None),
        (b"-" + b"9" * 400, None, "out_of_range"),
    ],
)
def test_a_number_as_only_json_can_write_it(literal: bytes, value: int | None, reason: str | None) -> None:
    fields = fields_of(raw({"context.dvce_screenwidth": 1}).replace(NUMBER, NUMBER[:-1] + literal))
    assert fields.dvce_screenwidth == value
    assert named(fields) == ([] if reason is None else [("context.dvce_screenwidth", reason)])


def test_a_list_of_addresses_may_hold_anything_else() -> None:
    for odd in (b"1e999", b"9" * 6_000, b"[" * 900 + b"]" * 900, b'"\\ud83d"', b'{"a":1e999}'):
        payload = raw({"actor.user_ipaddress": "X"}).replace(b'"X"', b"[ " + odd + b' , "81.2.69.142" ]')
        fields = fields_of(payload)
        assert fields.user_ipaddress == "81.2.69.142"
        assert named(fields)[-1][0] == "actor.user_ipaddress"


def test_values_that_no_type_knows_may_be_anything() -> None:
    attributes = b'"attributes":{"big":1e999,"bigger":' + b"9" * 6000 + b","
    fields = fields_of(raw({"context.dvce_screenwidth": 1.5}).replace(b'"attributes":{', attributes))
    assert named(fields) == [("context.dvce_screenwidth", "rounded")]
    assert fields.unstruct_event is not None
    assert '"big":1e999' in fields.unstruct_event


def test_of_a_name_that_is_there_twice_the_last_one_counts() -> None:
    twice = raw().replace(b'"consent":true', b'"consent":true,"dvce_screenwidth":"x","dvce_screenwidth":7')
    fields = fields_of(twice)
    assert (fields.dvce_screenwidth, fields.field_errors) == (7, None)


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("attributes.comment", "attributes"),
        ("attributes.ann@example.org", None),
        ("context.theme", "context"),
        ("actor.name", "actor"),
        ("remark", "$"),
    ],
)
def test_half_a_character_in_what_nobody_knows(path: str, field: str | None) -> None:
    """Its name may be personal itself: the object that it is in is named."""
    if field is None:
        payload = raw().replace(b'"extra":', b'"ann@example.org":"\\ud83d","extra":')
        field = "attributes"
    else:
        payload = raw({path: "a \ud83d b"})
    assert named(fields_of(payload)) == [(field, "surrogate")]


def test_half_a_character_is_mended_in_the_text_of_all_attributes() -> None:
    fields = fields_of(raw({"attributes.comment": 'a\\ud83d \ud83d" \\\ud83d', "attributes.price": "12.50"}))
    assert fields.unstruct_event is not None
    sent = json.loads(fields.unstruct_event)
    assert sent["comment"] == 'a\\ud83d \ufffd" \\\ufffd'
    assert sent["price"] == "12.50", "the attributes stay as they were sent"
    assert fields.price == 12.5


def test_surrogates_as_bytes_of_their_own() -> None:
    """As CESU-8 has them: two halves are the character."""
    fields = fields_of(raw({"context.page_title": "X"}).replace(b'"X"', b'"\xed\xa0\xbdY\xed\xa0\xbd\xed\xb8\x80"'))
    assert fields.page_title == "\ufffdY\U0001f600"
    assert named(fields) == [("context.page_title", "surrogate")]


CHARACTERS = ("ü", "€", "中", "\ud7ff", "\ufb01", "😀", "\U0010fffd", "\U00040000")
HALVES = sorted(
    {character.encode()[:length] for character in CHARACTERS for length in range(1, len(character.encode()))}
)


@pytest.mark.parametrize("half", [*HALVES, b"\xed\xa0", b"\xed"])
@pytest.mark.parametrize("end", [b"", b"...", "…".encode()])
def test_a_text_that_was_cut_within_a_characters_bytes(half: bytes, end: bytes) -> None:
    for path, place in (("context.page_title", "context.page_title"), ("attributes.comment", "attributes")):
        payload = raw({path: "X", "attributes.price": "12.50"}).replace(
            b'"X"', '"Fahrrad 😀 '.encode() + half + end + b'" \n'
        )
        fields = fields_of(payload)
        assert named(fields) == [(place, "surrogate"), ("attributes.price", "quoted")]
        text = fields.page_title if path.startswith("context") else json.loads(fields.unstruct_event or "")["comment"]
        assert text == f"Fahrrad 😀 \ufffd{end.decode()}"


def test_bytes_that_are_cut_elsewhere_than_at_a_values_end_are_no_text() -> None:
    for title in (
        b'"a\xc3 b"',
        b'"\xa4b"',
        b'"a\xf0\x9f\x9a\xff"',
        b'"a\xf5\x80"',
        b'"a\xc0"',
        b'"a\xf4\x90"',
        b'"a\xe0\x80"',
    ):
        rejected = flatten(raw({"context.page_title": "X"}).replace(b'"X"', title), COLLECTOR, COLLECTOR)
        assert isinstance(rejected, BadRow)
        assert (rejected.type, rejected.field) == ("encoding", "$"), title
    payload = raw().replace(b'"consent":', b'"consent\xc3":')
    rejected = flatten(payload, COLLECTOR, COLLECTOR)
    assert isinstance(rejected, BadRow)
    assert rejected.type == "encoding"
    assert str(payload.index(b"\xc3")) in rejected.message


@pytest.mark.parametrize(
    "path", ["actor.user_id", "event_id", "event_name", "context.app_id", "actor.domain_sessionid"]
)
def test_ids_and_names_that_were_cut_within_a_character_are_none(path: str) -> None:
    rejected = flatten(raw({path: "abcdefghX"}).replace(b'hX"', b'h\xf0\x9f"'), COLLECTOR, COLLECTOR)
    assert isinstance(rejected, BadRow)
    assert (rejected.type, rejected.stage, rejected.field) == ("schema", "validate", path)


@pytest.mark.parametrize(
    "path", ["actor.user_id", "event_id", "event_name", "context.app_id", "actor.domain_sessionid"]
)
def test_ids_and_names_with_half_a_character_are_none(path: str) -> None:
    rejected = flatten(raw({path: "abcdefgh\ud83d"}), COLLECTOR, COLLECTOR)
    assert isinstance(rejected, BadRow)
    assert (rejected.type, rejected.stage, rejected.field) == ("schema", "validate", path)


def test_all_odd_values_of_an_event_are_named_and_none_is_quoted() -> None:
    odd: dict[str, Any] = {
        "context.page_title": ["secret"],
        "context.consent": "secret",
        "attributes.price": "secret",
        "attributes.currency": "secret",
    }
    fields = fields_of(raw(odd))
    assert [field for field, _ in named(fields)] == list(odd)
    assert b"secret" not in msgspec.json.encode(fields.field_errors)
    assert fields.unstruct_event is not None
    assert fields.listing_id == VALID["attributes"]["listing_id"]


def test_an_integral_time_is_a_time() -> None:
    fields = fields_of(raw({"times.dvce_created_tstamp": 1.7e12}))
    assert (fields.dvce_created_tstamp, named(fields)) == (
        1_700_000_000_000,
        [("times.dvce_created_tstamp", "whole_number")],
    )


@pytest.mark.parametrize(
    "members",
    [
        r'"note":"\ud83d","note":"whole"',
        r'"search":{"price":{"\ud83d":1},"price":{"min":12}}',
        r'"search":[{"a":"\ud83d","a":[]}]',
    ],
)
def test_half_a_character_in_a_member_that_another_one_replaces_is_nowhere(members: str) -> None:
    event = flatten(raw().replace(b'"extra":', members.encode() + b',"extra":'), 1, 2)
    assert isinstance(event, FlatEvent)
    assert event.fields.field_errors is None
