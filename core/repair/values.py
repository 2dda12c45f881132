"""Repairs one optional value that does not fit its type, where its meaning is certain; else the value is left out."""

import math
import re
from functools import cache
from typing import NamedTuple

import msgspec
from msgspec import inspect

from common.addresses import read_address
from common.strict_json import Place, is_number, whole_number
from contracts.events.enriched import Oddity
from contracts.value_types import WHEN_ODD

_QUOTED_NUMBER = re.compile(r"[+-]?[0-9]{1,400}(?:\.[0-9]{1,400})?(?:[eE][+-]?[0-9]{1,4})?")
_MOST_DIGITS = 20
_encode = msgspec.json.Encoder().encode
_items = msgspec.json.Decoder(list[msgspec.Raw]).decode


class Repaired(NamedTuple):
    text: bytes | None
    """The repaired value's JSON; None: it is left out."""
    oddity: Oddity | None


def repaired(place: Place, text: bytes) -> Repaired:
    """The value unchanged, repaired or left out. Of strict values only integers are rewritten, 1536.0 as 1536."""
    if _fits(place, text):
        return Repaired(text, None)
    whole = whole_number("", place, text)
    if whole != text and _fits(place, whole):
        return Repaired(whole, "whole_number")
    if is_strict(place):
        return Repaired(text, None)
    found = _repaired(place, text)
    if found.text is None or _fits(place, found.text):
        return found
    return Repaired(None, "out_of_range" if _is_numeric(place) else "malformed")


def is_strict(place: Place) -> bool:
    """Whether a value that does not fit makes the record invalid."""
    return place.is_required or place.extra.get(WHEN_ODD) == "reject"


def _repaired(place: Place, text: bytes) -> Repaired:
    match place.only:
        case inspect.IntType():
            return _integer(text)
        case inspect.FloatType():
            return _number(text)
        case inspect.BoolType():
            return _flag(text, place.extra.get(WHEN_ODD))
        case inspect.StrType() as kind:
            return _text(text, kind, place.extra.get(WHEN_ODD))
        case _:
            return Repaired(None, "wrong_type")


def _integer(text: bytes) -> Repaired:
    number, is_quoted = _unquoted(text)
    if number is None:
        return Repaired(None, "wrong_type")
    value = float(number)
    if abs(value) >= 2**63:  # also what no double can hold
        return Repaired(None, "out_of_range")
    if value.is_integer():
        exact = int(number) if number.lstrip("+-").isdigit() else int(value)
        return Repaired(b"%d" % exact, "quoted" if is_quoted else "whole_number")
    return Repaired(b"%d" % math.floor(value + 0.5), "rounded")


def _number(text: bytes) -> Repaired:
    number, is_quoted = _unquoted(text)
    if number is None:
        return Repaired(None, "wrong_type")
    value = float(number)
    return Repaired(_encode(value), "quoted") if is_quoted and math.isfinite(value) else Repaired(None, "out_of_range")


def _flag(text: bytes, rule: object) -> Repaired:
    word = _string(text)
    match None if word is None else word.strip().lower():
        case "true":
            return Repaired(b"true", "quoted")
        case "false":
            return Repaired(b"false", "quoted")
    return Repaired(b"false", "refused") if rule == "refuse" else Repaired(None, "wrong_type")


def _text(text: bytes, kind: inspect.StrType, rule: object) -> Repaired:
    word = _string(text)
    if word is None:
        return _of_no_text(text, rule)
    match rule:
        case "cut":
            return Repaired(_encode(word[: kind.max_length]), "cut")
        case "first_address":
            return Repaired(_encode(read_address(word) or word[: kind.max_length]), "cut")
        case "upper_case" if word.isascii():
            return Repaired(_encode(word.strip().upper()), "upper_case")
        case "lower_case" if word.isascii():
            return Repaired(_encode(word.strip().lower()), "lower_case")
        case _:
            return Repaired(None, "malformed")


def _of_no_text(text: bytes, rule: object) -> Repaired:
    if rule == "first_address" and text[:1] == b"[":
        return _first_of(text)
    # How a fraction was written is not known: 7.10 may have been sent as 7.1.
    if len(text) <= _MOST_DIGITS and text.lstrip(b"-").isdigit():
        return Repaired(_encode(text.decode()), "unquoted")
    return Repaired(None, "wrong_type")


def _first_of(text: bytes) -> Repaired:
    """The address in a list of texts: a header that was split. Other items may be anything."""
    words = (_string(bytes(item)) for item in _items(text))
    address = read_address(", ".join(word for word in words if word is not None))
    return Repaired(None, "wrong_type") if address is None else Repaired(_encode(address), "cut")


def _unquoted(text: bytes) -> tuple[str | None, bool]:
    """(the number's text, whether it was in quotes); None where it is no number."""
    if is_number(text):
        return text.decode(), False
    word = _string(text)
    number = None if word is None else word.strip()
    return (number, True) if number is not None and _QUOTED_NUMBER.fullmatch(number) else (None, False)


def _string(text: bytes) -> str | None:
    return msgspec.json.decode(text, type=str) if text[:1] == b'"' else None


def _is_numeric(place: Place) -> bool:
    return isinstance(place.only, inspect.IntType | inspect.FloatType)


def _fits(place: Place, text: bytes) -> bool:
    try:
        _decoder(place.annotation).decode(text)
    except msgspec.ValidationError:
        return False
    return True


@cache
def _decoder(annotation: object) -> msgspec.json.Decoder[object]:
    return msgspec.json.Decoder(annotation)
