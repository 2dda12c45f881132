"""Whatever stands in the place of an optional value, its event is kept; the rules follow from the types."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.strict_json import StrictDecoder, fields_of
from contracts.events.raw import Actor, Attributes, Context
from core.flat_event import BadRow, FlatEvent
from core.flatten import flatten
from core.repair.surrogates import mended
from core.repair.values import is_strict
from tests.contracts.publishing.schema_values import ANY
from tests.core.samples import raw

OPTIONAL: dict[str, type[msgspec.Struct]] = {
    f"{level}.{name}": struct
    for level, struct in (("actor", Actor), ("context", Context), ("attributes", Attributes))
    for name, place in fields_of(struct).items()
    if not is_strict(place)
}
TEXT_WITH_HALVES = st.text(st.characters(exclude_categories=[]), max_size=20)


def test_only_ids_and_what_is_required_are_strict() -> None:
    strict = {name for struct in (Actor, Context, Attributes) for name, p in fields_of(struct).items() if is_strict(p)}
    assert strict == {"user_id", "domain_userid", "domain_sessionid", "app_id"}


@pytest.mark.parametrize("path", OPTIONAL)
@given(value=ANY | TEXT_WITH_HALVES)
def test_no_value_of_an_optional_field_loses_its_event(path: str, value: object) -> None:
    payload = raw({path: value})
    event = flatten(payload, 1_700_000_001_000, 1_700_000_001_001)
    assert isinstance(event, FlatEvent)
    name = path.rpartition(".")[2]
    kept = getattr(event.fields, name)
    # What is kept fits the type, whatever was sent.
    StrictDecoder(OPTIONAL[path]).decode(msgspec.json.encode({**({"app_id": "a"}), name: kept}))
    assert [error.field for error in event.fields.field_errors or ()] in ([], [path])


@given(TEXT_WITH_HALVES, st.booleans())
def test_halves_are_mended_in_their_place_and_nothing_else_is(text: str, as_escapes: bool) -> None:
    payload = json.dumps({"x": text, "\\ud83d": "\\"}, ensure_ascii=as_escapes).encode("utf-8", "surrogatepass")
    # Halves that stand together are a character, as everywhere in JSON.
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    expected = "".join("\ufffd" if "\ud800" <= each <= "\udfff" else each for each in whole)
    done = mended(payload)
    assert json.loads(done) == {"x": expected, "\\ud83d": "\\"}
    assert expected != whole or as_escapes is False or done == payload


@given(st.binary(max_size=60))
def test_bytes_that_are_not_utf8_stay_a_failure(damage: bytes) -> None:
    payload = raw({"context.page_title": "X"}).replace(b'"X"', b'"X\xff' + damage.replace(b'"', b"") + b'"')
    rejected = flatten(payload, 0, 0)
    assert isinstance(rejected, BadRow)
    assert rejected.type == "encoding"
