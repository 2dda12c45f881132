"""Lookup requests and responses as bytes. A result that cannot be read is an error of its key and of no other."""

import json
from collections.abc import Sequence
from typing import NoReturn

import msgspec

from contracts.lookup_api.lookups import LookupKey, LookupRequest, LookupResponse, LookupResult

UNREADABLE = LookupResult(status="error")
"""Replaces a result that breaks the contract."""
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(LookupResponse).decode


class _Parts(msgspec.Struct, frozen=True):
    results: list[msgspec.Raw]


_decode_parts = msgspec.json.Decoder(_Parts).decode
_decode_one = msgspec.json.Decoder(LookupResult).decode


def write_request(keys: Sequence[LookupKey]) -> bytes:
    """:raises UnicodeEncodeError: where a key holds half a character, which UTF-8 cannot encode."""
    return _encode(LookupRequest(list(keys)))


def read_results(response: bytes) -> list[LookupResult] | None:
    """One for each result in the response, :data:`UNREADABLE` for one that cannot be read. None where it cannot be told
    where one result ends and the next begins.
    """
    try:
        return _decode(response).results
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _one_by_one(response)


def _one_by_one(response: bytes) -> list[LookupResult] | None:
    try:
        parts = _decode_parts(response).results
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _leniently(response)
    return [_read(bytes(part)) for part in parts]


def _leniently(response: bytes) -> list[LookupResult] | None:
    """Python's own reader accepts ``NaN``, which JSON does not have. Numbers stay as they are written."""
    try:
        read = json.loads(
            response.decode("utf-8", "surrogateescape"),
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
    """Stands for ``NaN`` and infinities: reading them succeeds, writing them as JSON fails for the one result."""

    def __init__(self, _text: str) -> None:
        """Which one it was does not matter."""


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
