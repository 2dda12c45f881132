"""The lines of a file, plain or gzip."""

import gzip
import zlib
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path

_GZIP_MAGIC = b"\x1f\x8b"


class BrokenInputError(Exception):
    """The file cannot be read to its end; the message is for the user."""


def _open(path: Path) -> gzip.GzipFile | BufferedReader:
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP_MAGIC
    return gzip.open(path, "rb") if packed else path.open("rb")


def read_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Line number, from 1, and the line without its newline. Raises BrokenInputError."""
    number = 0
    try:
        with _open(path) as file:
            for line in file:
                number += 1
                yield number, line.removesuffix(b"\n")
    except (OSError, EOFError, zlib.error) as error:
        raise BrokenInputError(f"{path.name} cannot be read after line {number}: {error}") from error
