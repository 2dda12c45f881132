"""Lists of ids as people's tools write them: bytes in, ids and refused lines out.

UTF-8 or UTF-16, with or without a byte order mark; any end of line; one id a line or several, separated by one of tab,
semicolon and comma; a header, of which the columns of ids are taken; blanks, quotes and NULs around an id are no part
of it. A line that leaves a doubt is refused: a wrong id would be opted out, and the right one not.
"""

import re
from collections.abc import Iterator, Sequence

import msgspec

from enrichment_job.privacy.list_text import UNREADABLE, lines_of
from enrichment_job.privacy.subject_ids import fault

_HEADERS = frozenset({"id", "ids", "uid", "user", "userid", "userids", "domainuserid", "browserid", "visitorid"}) | {
    *("subject", "subjects", "subjectid", "customerid", "accountid", "memberid", "clientid")
}
_SEPARATORS = "\t;,"
_QUOTES = {'"': '"', "'": "'", "`": "`", "“": "”", "„": "“", "\u2018": "\u2019", "«": "»"}
_ENDS = frozenset([*_QUOTES, *_QUOTES.values()])
_AROUND = " \t\v\f\x00\ufeff\u200b\u200c\u200d\u2060\u00a0\u3000"
_ROUNDED = re.compile(r"\d([.,]\d+)?[eE]\+\d+")


class Refused(msgspec.Struct, frozen=True):
    """A line and why, never what it holds."""

    line: int
    reason: str


class IdList(msgspec.Struct, frozen=True):
    ids: tuple[str, ...]
    """Each once, in the list's order."""
    repeated: int
    refused: tuple[Refused, ...]


class _Field(msgspec.Struct, frozen=True):
    """Without blanks and quotes around it; ``doubt`` is why it may be no id."""

    text: str
    doubt: str | None = None


def read_ids(content: bytes, *, plain: bool = False, column: str = "") -> IdList:
    """``plain``: a line is an id as it is but for blanks around it. ``column``: the header's name for the ids."""
    found: dict[str, None] = {}
    count = 0
    refused: list[Refused] = []
    for line, fields in _rows(lines_of(content), plain=plain, column=column):
        for field in fields:
            reason = _refusal(field, plain=plain)
            if reason is not None:
                refused.append(Refused(line, reason))
            else:
                count += 1
                found[field.text] = None
    return IdList(tuple(found), count - len(found), tuple(refused))


def _rows(lines: Sequence[str], *, plain: bool, column: str) -> Iterator[tuple[int, list[_Field]]]:
    """The number of each line that is not blank, and what in it should be an id."""
    rows = [(number, stripped) for number, line in enumerate(lines, 1) if (stripped := line.strip(_AROUND))]
    if plain:
        yield from ((number, [_Field(line)]) for number, line in rows)
        return
    separator = _separator([line for _, line in rows])
    wanted: list[int] = []
    for position, (number, line) in enumerate(rows):
        fields = _fields(line, separator)
        if position == 0:
            wanted = _header(fields, column)
            if wanted:
                continue
            if column:
                yield number, [_Field(line, "the header has no column of that name")]
                return
        if wanted:
            fields = [fields[place] for place in wanted if place < len(fields)]
        yield number, [field for field in fields if field.text]


def _separator(lines: Sequence[str]) -> str:
    """The one that comes first; none in a list of one id a line."""
    for line in lines:
        for character in _without_quoted(line):
            if character in _SEPARATORS:
                return character
    return ""


def _without_quoted(line: str) -> str:
    return re.sub(r'"(?:[^"]|"")*"', "", line)


def _header(fields: Sequence[_Field], column: str) -> list[int]:
    def plain(name: str) -> str:
        return re.sub(r"[\W_]", "", name.casefold())

    names = {plain(column)} if column else _HEADERS
    return [place for place, field in enumerate(fields) if plain(field.text) in names]


def _fields(line: str, separator: str) -> list[_Field]:
    end = f"(?:{re.escape(separator)}|$)" if separator else "$"
    pattern = re.compile(rf'[{_AROUND}]*(?:"((?:[^"]|"")*)"[{_AROUND}]*(?={end})|(.*?)(?={end}))', re.DOTALL)
    fields: list[_Field] = []
    place = 0
    while place <= len(line) and (match := pattern.match(line, place)) is not None:
        quoted, bare = match.groups()
        fields.append(_bare(bare, separator) if quoted is None else _Field(quoted.replace('""', '"').strip(_AROUND)))
        place = match.end() + 1
    return fields


def _bare(text: str, separator: str) -> _Field:
    text = text.strip(_AROUND)
    first, last = text[:1], text[-1:]
    if len(text) > 1 and last == _QUOTES.get(first):
        return _Field(text[1:-1].strip(_AROUND))
    if first in _QUOTES or last in _ENDS:
        return _Field(text, "a quote without its other half")
    if any(other in text for other in _SEPARATORS if other != separator):
        return _Field(text, "a second separator: put the id in quotes, or read the list with --plain")
    if any(character.isspace() for character in text):
        return _Field(text, "a blank inside: put the id in quotes, or read the list with --plain")
    return _Field(text)


def _refusal(field: _Field, *, plain: bool) -> str | None:
    if UNREADABLE in field.text:
        return "not UTF-8"
    if not plain and "\ufffd" in field.text:
        return "a character that a conversion has lost"
    if field.doubt is not None:
        return field.doubt
    if not plain and _ROUNDED.fullmatch(field.text):
        return "a number that a spreadsheet has rounded"
    return fault(field.text)
