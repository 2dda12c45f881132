"""Describes a file without any event, for the message to the user."""

import mimetypes
from itertools import islice
from pathlib import Path

import msgspec

from producers.access_log.input_lines import BrokenInputError, read_lines

_CONTENTS = (
    (b"PK\x03\x04", "a zip archive"),
    (b"7z\xbc\xaf'\x1c", "a 7z archive"),
    (b"Rar!", "a rar archive"),
    (b"\x04\x22\x4d\x18", "an lz4 file"),
    (b"\x1f\x9d", "a file of compress(1)"),
    (b"%PDF", "a PDF"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3", "an SQLite database"),
)
_TAR_AT = 257


def content_of(path: Path) -> str:
    """The kind of content by the first bytes, otherwise by the name and whether it is text."""
    try:
        _, start = next(read_lines(path), (0, b""))
    except BrokenInputError as error:
        return f"a damaged file ({error})"
    known = next((name for magic, name in _CONTENTS if start.startswith(magic)), None)
    if known is not None:
        return known
    if start[_TAR_AT:].startswith(b"ustar"):
        return "a tar archive"
    if b"\0" in start:
        return "binary data"
    by_name = mimetypes.guess_type(path.name)[0]
    return f"text of another kind ({by_name})" if by_name else "text of another kind"


def why_no_lines(path: Path) -> str:
    """Why the file has no readable line."""
    try:
        next(read_lines(path), None)
    except BrokenInputError as error:
        return str(error)
    return f"{path.name} is empty: there is nothing to replay"


def has_object(path: Path, lines: int) -> bool:
    """Whether one of the first ``lines`` is a JSON object."""
    try:
        return any(_is_object(line) for _, line in islice(read_lines(path), lines))
    except BrokenInputError:
        return False


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(msgspec.json.decode(line), dict)
    except (ValueError, RecursionError):
        return False
