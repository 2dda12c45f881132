"""Strict decoders, and rewriting of JSON by a type."""

from typing import Annotated

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.strict_json import Place, StrictDecoder, place_of, rewritten, whole_number


class _Inner(msgspec.Struct):
    size: Annotated[int, msgspec.Meta(ge=0, le=10)] | None = None


class _Outer(msgspec.Struct):
    id: str
    inner: _Inner | None = None
    many: list[_Inner] = []
    by_name: dict[str, int] = {}
    either: int | float | None = None
    kept: msgspec.Raw = msgspec.Raw(b"null")


DECODER = StrictDecoder(_Outer)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'{"id":"a","inner":{"size":5.0}}', _Outer("a", _Inner(5))),
        (b' {"id" : "a", "inner": {"size":\t5e0 } }', _Outer("a", _Inner(5))),
        (b'{"id":"a","inner":{"size":-0.0},"unknown":1e999}', _Outer("a", _Inner(0))),
        (b'{"id":"a","many":[{"size":1.0},{},{"size":2}]}', _Outer("a", None, [_Inner(1), _Inner(), _Inner(2)])),
        (b'{"id":"a","by_name":{"x":1.0,"y":2}}', _Outer("a", by_name={"x": 1, "y": 2})),
        (b'{"id":1,"id":"a"}', _Outer("a")),
        (b'{"id":"a","inner":5,"inner":{"size":"x","size":null}}', _Outer("a", _Inner())),
        (b'{"id":"a","either":5.0}', _Outer("a", either=5.0)),
    ],
)
def test_json_is_accepted_as_a_schema_accepts_it(text: bytes, expected: _Outer) -> None:
    assert DECODER.decode(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        b'{"id":"a","inner":{"size":5.5}}',
        b'{"id":"a","inner":{"size":"5"}}',
        b'{"id":"a","inner":{"size":11.0}}',
        b'{"id":"a","inner":{"size":1e400}}',
        b'{"id":"a","inner":{"size":true}}',
        b'{"id":"a","inner":[]}',
        b'{"id":"a","many":{}}',
        b'{"inner":{"size":5.0}}',
        b"[]",
        b"5.0",
    ],
)
def test_nothing_else_is_accepted(text: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        DECODER.decode(text)


def test_invalid_json_raises() -> None:
    with pytest.raises(msgspec.DecodeError):
        DECODER.decode(b'{"id":1,"x":NaN}')
    with pytest.raises(RecursionError):
        DECODER.decode(b'{"id":1,"x":' + b"[" * 100_000)


def test_raw_parts_stay_unchanged() -> None:
    assert bytes(DECODER.decode(b'{"id":1,"id":"a","kept":{ "a": 1.0 }}').kept) == b'{ "a": 1.0 }'


def test_a_leaf_can_remove_a_value_and_knows_its_place() -> None:
    seen: list[tuple[str, bool]] = []

    def leaf(path: str, place: Place, text: bytes) -> bytes | None:
        seen.append((path, place.is_required))
        return None if path == "inner.size" else text

    text = rewritten(b'{"id":"a","inner":{"size":5,"more":[1]},"x":1}', place_of(_Outer), leaf)
    assert text == b'{"id":"a","inner":{"more":[1]},"x":1}'
    assert seen == [("id", True), ("inner.size", False)]


def test_the_items_of_a_list_that_is_too_long_are_not_visited() -> None:
    place = place_of(Annotated[list[_Inner], msgspec.Meta(max_length=2)])
    seen: list[bytes] = []

    def leaf(path: str, _: Place, text: bytes) -> bytes:
        seen.append(text)
        return text

    longest, too_long = b'[{"size":1},{"size":2}]', b'[{"size":1},{"size":2},{"size":3}]'
    assert (rewritten(longest, place, leaf), seen) == (longest, [b"1", b"2"])
    assert (rewritten(too_long, place, leaf), seen) == (too_long, [b"1", b"2"])


@given(st.integers(-(2**53), 2**53))
def test_a_whole_number_stays_the_same_number(number: int) -> None:
    place = place_of(int)
    assert whole_number("", place, repr(float(number)).encode()) == b"%d" % number
    assert whole_number("", place, b"%d" % number) == b"%d" % number


@given(st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: not number.is_integer()))
def test_a_fraction_stays_unchanged(number: float) -> None:
    text = repr(number).encode()
    assert whole_number("", place_of(int), text) == text
