"""A condition's text as tokens."""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple, TypeAlias

from core.cel.errors import CelError, Position

MAX_CHARACTERS = 4_000
Kind: TypeAlias = Literal["int", "double", "string", "name", "symbol", "end"]
_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n\f]+|//[^\n]*)
      | (?P<double>[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)
      | (?P<int>0[xX][0-9a-fA-F]+|[0-9]+)
      | (?P<string>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<symbol>&&|\|\||[=!<>]=|[-+*/%<>!?:.,()\[\]])""",
    re.VERBOSE | re.ASCII,
)
_ESCAPE = re.compile(r"\\(?:[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))", re.DOTALL)
_SIMPLE = {
    **{quoted: quoted for quoted in "\\'\"`?"},
    **{"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"},
}


class Token(NamedTuple):
    kind: Kind
    text: str
    """Of a string: its value, without quotes and escapes."""
    at: Position


def tokens_of(text: str) -> Iterator[Token]:
    """The tokens, the last one of the kind ``end``.

    :raises CelError: for a text that is too long, and for what is no token.
    """
    if len(text) > MAX_CHARACTERS:
        raise CelError(Position(1, 1), f"longer than {MAX_CHARACTERS} characters")
    place, line, line_start = 0, 1, 0
    while place < len(text):
        at = Position(line, place - line_start + 1)
        found = _TOKEN.match(text, place)
        if found is None:
            raise CelError(at, _no_token(text[place]))
        kind = found.lastgroup
        if kind == "string":
            yield Token("string", _unescaped(found[0][1:-1], at), at)
        elif kind in {"int", "double"}:
            if re.match(r"[A-Za-z_]", text[found.end() : found.end() + 1]):
                raise CelError(at, f"{found[0] + text[found.end()]!r}… is no number")
            yield Token("double" if kind == "double" else "int", found[0], at)
        elif kind != "space":
            yield Token("name" if kind == "name" else "symbol", found[0], at)
        if newlines := found[0].count("\n"):
            line, line_start = line + newlines, place + found[0].rindex("\n") + 1
        place = found.end()
    yield Token("end", "the end", Position(line, place - line_start + 1))


def _no_token(character: str) -> str:
    if character in "'\"":
        return "the text has no end"
    if character in "&|":
        return f"write {character * 2} instead of {character}"
    if character == "=":
        return "write == to compare"
    return f"unexpected {character!r}"


def _unescaped(text: str, at: Position) -> str:
    def character(found: re.Match[str]) -> str:
        octal, simple = found[4], found[5]
        if simple is not None:
            if simple not in _SIMPLE:
                raise CelError(at, f"unknown escape \\{simple}")
            return _SIMPLE[simple]
        code = int(octal, 8) if octal else int(found[1] or found[2] or found[3], 16)
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            raise CelError(at, f"{found[0]} is no character")
        return chr(code)

    return _ESCAPE.sub(character, text)
