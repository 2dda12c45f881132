"""Lookup requests and answers as bytes. What cannot be read of one result is that key's error and no other's."""

import json
from collections.abc import Sequence
from typing import NoReturn

import msgspec

from contracts.lookup_api.lookups import LookupKey, LookupRequest, LookupResponse, LookupResult

UNREADABLE = LookupResult(status="error")
"""In the place of a result that breaks the contract."""
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(LookupResponse).decode


class _Parts(msgspec.Struct, frozen=True):
    results: list[msgspec.Raw]


_decode_parts = msgspec.json.Decoder(_Parts).decode
_decode_one = msgspec.json.Decoder(LookupResult).decode


def write_request(keys: Sequence[LookupKey]) -> bytes:
    """Raises UnicodeEncodeError where a key is no text that can be written."""
    return _encode(LookupRequest(list(keys)))


def read_results(answer: bytes) -> list[LookupResult] | None:
    """None where no result can be told from the next."""
    try:
        return _decode(answer).results
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _one_by_one(answer)


def _one_by_one(answer: bytes) -> list[LookupResult] | None:
    try:
        parts = _decode_parts(answer).results
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _leniently(answer)
    return [_read(bytes(part)) for part in parts]


def _leniently(answer: bytes) -> list[LookupResult] | None:
    """As Python's own reader has it, which takes ``NaN``; numbers stay as they are written."""
    try:
        read = json.loads(
            answer.decode("utf-8", "surrogateescape"),
            parse_int=_as_written,
            parse_float=_as_written,
            parse_constant=_Odd,
        )
        parts = read["results"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return [_read_odd(part) for part in parts] if isinstance(parts, list) else None


def _as_written(number: str) -> msgspec.Raw:
    return msgspec.Raw(number.encode())


class _Odd:
    """Stands for what is no JSON: it can be read and not be written."""

    def __init__(self, _text: str) -> None:
        """Whichever it was."""


def _unwritable(_value: object) -> NoReturn:
    raise TypeError("no JSON")


def _read_odd(part: object) -> LookupResult:
    try:
        return _read(msgspec.json.encode(part, enc_hook=_unwritable))
    except (TypeError, ValueError, RecursionError):  # an encoding error is a ValueError
        return UNREADABLE


def _read(part: bytes) -> LookupResult:
    try:
        return _decode_one(part)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return UNREADABLE
