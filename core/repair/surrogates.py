"""Surrogates: halves of characters, as a text has them that was cut in the middle of an emoji; also as bytes."""

import codecs
import json
import re
from collections.abc import Iterator, Mapping

import msgspec
from msgspec import inspect

from common.strict_json import Place, fields_of

_REPLACEMENT, _OTHER = 0xFFFD, 0xFFFE
# Whatever follows a backslash is taken with it, so that an escaped backslash begins nothing.
_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.", re.DOTALL
)
# The beginning of a character (CESU-8 has surrogates, too), then the end of a value: a name that was cut is another.
_CUT = re.compile(
    rb"""(?:[\xc2-\xdf]|\xe0[\xa0-\xbf]?|[\xe1-\xef][\x80-\xbf]?
        |\xf0(?:[\x90-\xbf][\x80-\xbf]?)?|[\xf1-\xf3][\x80-\xbf]{0,2}|\xf4(?:[\x80-\x8f][\x80-\xbf]?)?)
        (?=(?:\.{1,3}|\xe2\x80\xa6)?"[ \t\r\n]*[,}\]])""",
    re.VERBOSE,
)
_AS_SURROGATE = "halves of characters as surrogates"
_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def _as_surrogate(error: UnicodeError) -> tuple[str | bytes, int]:
    """A half of a character for the decoder, be it of UTF-16 or of UTF-8; any other fault raises."""
    if isinstance(error, UnicodeDecodeError) and (cut := _CUT.match(error.object, error.start)) is not None:
        return "\ud800", cut.end()
    return codecs.lookup_error("surrogatepass")(error)


codecs.register_error(_AS_SURROGATE, _as_surrogate)


def mended(raw: bytes, replacement: int = _REPLACEMENT) -> bytes:
    """The record with U+FFFD for every lone surrogate, whether escaped or as bytes, and for every character of which a
    value's end lacks bytes; itself where there is none.

    Raises UnicodeDecodeError where it is not UTF-8 for another reason.
    """
    text = raw
    try:
        raw.decode()
    except UnicodeDecodeError:
        # Both halves of a character as bytes of their own, as CESU-8 has them, are that character.
        halves = raw.decode("utf-8", _AS_SURROGATE).encode("utf-16-le", "surrogatepass")
        whole = halves.decode("utf-16-le", "surrogatepass")
        text = "".join(chr(replacement) if "\ud800" <= each <= "\udfff" else each for each in whole).encode()
    if b"\\u" not in text:
        return text
    escape = b"\\u%04x" % replacement
    return _ESCAPE.sub(lambda found: escape if found[1] else found[0], text)


def places(raw: bytes, known: Place) -> Iterator[tuple[str, Place | None]]:
    """Where lone surrogates are: the paths of known values with their places, those of objects for what is unknown in
    them. Raises ``msgspec.DecodeError`` or ``RecursionError`` where it is no JSON without them either.
    """
    one, other = mended(raw), mended(raw, _OTHER)
    # Mended in two ways, the record differs where there was one.
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
    """Of members with one name the last counts, at every depth: what is in the others is nowhere."""
    try:
        return json.loads(value, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return value
