"""Lists of ids as people's tools write them: bytes in, ids and refused lines out.

The text is UTF-8 or UTF-16, with or without a byte order mark, with any end of line. It has one id a line, or it is a
table separated by tabs, semicolons or commas, whose header names the columns of ids. Blanks, quotes and NULs around an
id are no part of it. A line that is not clear is refused: otherwise a wrong id would be opted out, and the right one
not.
"""

import re
from collections.abc import Iterator, Sequence

import msgspec

from enrichment_job.consent.list_fields import AROUND, SEPARATORS, Field, fields_of_line, refusal, without_quoted
from enrichment_job.consent.list_text import lines_of

_ACCOUNTS = frozenset({"userid", "userids", "subjectid", "customerid", "accountid", "memberid", "clientid"})
_BROWSERS = frozenset({"domainuserid", "browserid", "visitorid"})
_HEADERS = _ACCOUNTS | _BROWSERS | {"id", "ids", "uid", "user", "subject", "subjects"}
_SEPARATOR_LINE = re.compile(r'"?sep=(.?)"?', re.IGNORECASE)
"""The first line that Excel writes before a table, and reads."""

Row = tuple[int, list[Field]]
"""The number of a line that is not blank, and its fields."""


class Refused(msgspec.Struct, frozen=True):
    """The number of a line and why it is refused. What the line holds is not kept."""

    line: int
    reason: str


class IdList(msgspec.Struct, frozen=True):
    ids: tuple[str, ...]
    """Each id once, in the order of the list."""
    repeated: int
    refused: tuple[Refused, ...]


def read_ids(content: bytes, *, plain: bool = False, column: str = "") -> IdList:
    """
    :param plain: each line is one id as it is, without the blanks around it.
    :param column: the name in the header of the column of ids.
    """
    found: dict[str, None] = {}
    count = 0
    refused: list[Refused] = []
    lines = [(number, line) for number, line in enumerate(lines_of(content), 1) if line.strip(AROUND)]
    rows = _as_they_are(lines) if plain else _of_table(_rows(lines), column)
    for line, fields in rows:
        for field in fields:
            reason = refusal(field, plain=plain)
            if reason is not None:
                refused.append(Refused(line, reason))
            else:
                count += 1
                found[field.text] = None
    return IdList(tuple(found), count - len(found), tuple(refused))


def _as_they_are(lines: Sequence[tuple[int, str]]) -> Iterator[Row]:
    return ((number, [Field(line.strip(AROUND))]) for number, line in lines)


def _rows(lines: Sequence[tuple[int, str]]) -> list[Row]:
    said = _SEPARATOR_LINE.fullmatch(lines[0][1].strip(AROUND)) if lines else None
    if said is not None:
        lines = lines[1:]
    separator = _separator([line for _, line in lines]) if said is None else said[1] or "\t"
    return [(number, fields_of_line(line, separator)) for number, line in lines]


def _separator(lines: Sequence[str]) -> str:
    """The separator that comes first in the text; empty for a list of one id a line."""
    for line in lines:
        for character in without_quoted(line.strip(AROUND)):
            if character in SEPARATORS:
                return character
    return ""


def _of_table(rows: Sequence[Row], column: str) -> Iterator[Row]:
    """The fields of each row that should be ids."""
    if not rows:
        return
    number, header = rows[0]
    wanted = _wanted(header, column)
    if isinstance(wanted, str):
        yield number, [Field("", wanted)]
    elif wanted:
        yield from (_picked(row, wanted, len(header)) for row in rows[1:])
    else:
        yield from _without_header(rows)


def _wanted(header: Sequence[Field], column: str) -> list[int] | str:
    """The places of the columns of ids, empty where there is no header; or, as text, why they cannot be told."""
    if column:
        exactly = [place for place, field in enumerate(header) if field.text == column]
        alike = exactly or [place for place, field in enumerate(header) if _name(field.text) == _name(column)]
        if not alike:
            return "the header has no column of that name"
        return alike if len(alike) == 1 else "the header has several columns of that name"
    wanted = [place for place, field in enumerate(header) if _name(field.text) in _HEADERS]
    names = [_name(header[place].text) for place in wanted]
    # An event has an account and a browser. A second account column may hold anything, for example row numbers.
    if len(wanted) > 1 and (len(wanted) > 2 or not _ACCOUNTS & {*names} or not _BROWSERS & {*names}):
        return "several columns may hold the ids: say --column NAME"
    return wanted


def _name(text: str) -> str:
    return re.sub(r"[\W_]", "", text.casefold())


def _picked(row: Row, wanted: Sequence[int], columns: int) -> Row:
    number, fields = row
    if any(field.text for field in fields[columns:]):
        return number, [Field("", "more fields than the header")]
    if any(field.is_open for field in fields):
        return number, [Field("", "a quote without its other half")]
    picked = [fields[place] for place in wanted if place < len(fields)]
    if not picked:
        return number, [Field("", "fewer fields than the header")]
    return number, [field for field in picked if field.text]


def _without_header(rows: Sequence[Row]) -> Iterator[Row]:
    """A single line may hold several ids. Several lines of several fields are a table without the name of a column."""
    places: set[int] = set()
    for number, fields in rows:
        filled = {place for place, field in enumerate(fields) if field.text}
        places |= filled
        if len(places) > 1 and len(rows) > 1:
            yield (
                number,
                [Field("", "several columns without a header of ids: say --column NAME, or put one id a line")],
            )
            return
        yield number, [fields[place] for place in sorted(filled)]
