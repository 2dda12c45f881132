"""The lines of a text file whose encoding is not known: UTF-8, UTF-32, or UTF-16 as Windows writes it."""

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE

_MARKS = (
    (BOM_UTF8, "utf-8"),
    (BOM_UTF32_LE, "utf-32-le"),  # before UTF-16's, with which it begins
    (BOM_UTF32_BE, "utf-32-be"),
    (BOM_UTF16_LE, "utf-16-le"),
    (BOM_UTF16_BE, "utf-16-be"),
)
_UNIT = {"utf-8": 1, "utf-16-le": 2, "utf-16-be": 2, "utf-32-le": 4, "utf-32-be": 4}
UNREADABLE = "\ud800"
"""Replaces bytes that are no text. No id can hold it."""


def lines_of(content: bytes) -> list[str]:
    encoding = ""
    for mark, named in _MARKS:
        if content.startswith(mark):
            encoding, content = named, content[len(mark) :]
            break
    encoding = encoding or _guessed(content)
    if encoding == "utf-8":
        return [_text(line) for line in re.split(rb"\r\n|\n|\r", content)]
    odd = len(content) % _UNIT[encoding]
    whole, rest = (content[:-odd], content[-odd:]) if odd else (content, b"")
    text = whole.decode(encoding, "surrogatepass" if encoding.startswith("utf-16") else "replace")
    if encoding.startswith("utf-32"):
        text = text.replace("\ufffd", UNREADABLE)
    text += UNREADABLE if rest.strip(b"\0\r\n") else ""
    return re.split(r"\r\n|\n|\r", text)


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return UNREADABLE


def _guessed(content: bytes) -> str:
    """The encoding of a text without a byte order mark. UTF-16 has NULs in every other place if its ids are Latin."""
    first, second = content[0::2], content[1::2]
    for empty, full, name in ((second, first, "utf-16-le"), (first, second, "utf-16-be")):
        if len(content) > 2 and empty.count(0) > 0.8 * len(empty) and full.count(0) < 0.2 * len(full):
            return name
    return "utf-8"
