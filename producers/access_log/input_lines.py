"""The lines of a file with any of the known compressions and any encoding that a byte order mark declares."""

import codecs
import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from producers.access_log.compression import DAMAGED, open_plain

_MARKS: tuple[tuple[bytes, str | None], ...] = (
    (codecs.BOM_UTF8, None),
    # UTF-32 first: its little-endian mark begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LONGEST_MARK = 4


class BrokenInputError(Exception):
    """The file cannot be read to its end. The message is for the user."""


def read_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Line number, from 1, and the line without its newline; converted to UTF-8 if the file has a byte order mark.

    Raises BrokenInputError.
    """
    number = 0
    try:
        mark, encoding = _mark(path)
        with open_plain(path) as file:
            file.read(len(mark))
            for line in iter(file) if encoding is None else _in_utf8(file, encoding):
                number += 1
                yield number, line.removesuffix(b"\n")
    except DAMAGED as error:
        reason = f"it ends too early: {error}" if isinstance(error, EOFError) else str(error)
        raise BrokenInputError(f"{path.name} cannot be read after line {number}: {reason}") from error


def _mark(path: Path) -> tuple[bytes, str | None]:
    """The byte order mark, and the encoding unless it is UTF-8."""
    with open_plain(path) as file:
        start = file.read(_LONGEST_MARK)
    return next((known for known in _MARKS if start.startswith(known[0])), (b"", None))


def _in_utf8(file: BinaryIO, encoding: str) -> Iterator[bytes]:
    # Bytes that are invalid in the encoding become U+FFFD.
    with io.TextIOWrapper(file, encoding, errors="replace", newline="\n") as text:
        for line in text:
            yield line.encode()
