"""Lone surrogates: halves of characters, left by a program that cut a text inside an emoji, escaped or as bytes."""

import codecs
import json
import re
from collections.abc import Iterator, Mapping

import msgspec
from msgspec import inspect

from common.strict_json import Place, fields_of

_REPLACEMENT, _OTHER = 0xFFFD, 0xFFFE
# The character after a backslash belongs to it, so that an escaped backslash does not begin another escape.
_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.", re.DOTALL
)
# The beginning of a character (in CESU-8 also of a surrogate), then the end of a value. In a name it is no such case:
# a name that was cut is another name.
_CUT = re.compile(
    rb"""(?:[\xc2-\xdf]|\xe0[\xa0-\xbf]?|[\xe1-\xef][\x80-\xbf]?
        |\xf0(?:[\x90-\xbf][\x80-\xbf]?)?|[\xf1-\xf3][\x80-\xbf]{0,2}|\xf4(?:[\x80-\x8f][\x80-\xbf]?)?)
        (?=(?:\.{1,3}|\xe2\x80\xa6)?"[ \t\r\n]*[,}\]])""",
    re.VERBOSE,
)
_AS_SURROGATE = "halves of characters as surrogates"
_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def _as_surrogate(error: UnicodeError) -> tuple[str | bytes, int]:
    """An error handler of codecs: half of a character, of UTF-16 or UTF-8, becomes a surrogate. Other faults raise."""
    if isinstance(error, UnicodeDecodeError) and (cut := _CUT.match(error.object, error.start)) is not None:
        return "\ud800", cut.end()
    return codecs.lookup_error("surrogatepass")(error)


codecs.register_error(_AS_SURROGATE, _as_surrogate)


def mended(raw: bytes, replacement: int = _REPLACEMENT) -> bytes:
    """The record with U+FFFD for every lone surrogate, escaped or as bytes, and for every character at the end of a
    value that lacks bytes. Without such it is returned unchanged.

    Raises UnicodeDecodeError where it is not UTF-8 for another reason.
    """
    text = raw
    try:
        raw.decode()
    except UnicodeDecodeError:
        # CESU-8 has both halves of a character as bytes of their own: together they are that character.
        halves = raw.decode("utf-8", _AS_SURROGATE).encode("utf-16-le", "surrogatepass")
        whole = halves.decode("utf-16-le", "surrogatepass")
        text = "".join(chr(replacement) if "\ud800" <= each <= "\udfff" else each for each in whole).encode()
    if b"\\u" not in text:
        return text
    escape = b"\\u%04x" % replacement
    return _ESCAPE.sub(lambda found: escape if found[1] else found[0], text)


def places(raw: bytes, known: Place) -> Iterator[tuple[str, Place | None]]:
    """Where lone surrogates are: the paths of known values with their places; for unknown values the path of the object
    that they are in. Raises ``msgspec.DecodeError`` or ``RecursionError`` where the record is not JSON for another
    reason.
    """
    one, other = mended(raw), mended(raw, _OTHER)
    # Replaced by two different characters, the records differ exactly where a surrogate was.
    return iter(()) if one == other else _differences(one, other, known, "")


def _differences(one: bytes, other: bytes, place: Place, path: str) -> Iterator[tuple[str, Place | None]]:
    kind = place.only
    if not isinstance(kind, inspect.StructType) or one.lstrip()[:1] != b"{":
        yield path or "$", place
        return
    left, right = _members(one), _members(other)
    fields = fields_of(kind.cls)
    for name, field in fields.items():
        if name in left and name in right and (a := bytes(left[name])) != (b := bytes(right[name])):
            yield from _differences(a, b, field, f"{path}.{name}" if path else name)
    if _unknown(left, fields) != _unknown(right, fields):
        yield path or "$", None


def _unknown(level: Mapping[str, msgspec.Raw], known: Mapping[str, Place]) -> dict[str, object]:
    return {name: _meaning(bytes(value)) for name, value in level.items() if name not in known}


def _meaning(value: bytes) -> object:
    """The value as a reader gets it: of several members with one name only the last counts, at every depth."""
    try:
        return json.loads(value, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return value
