"""The fields of a list's line, without the blanks and quotes around them, each with a reason to doubt that it is an id.

A quoted field is taken as it is. An unquoted one is refused where it looks like another format than a list of ids, or
like a tool's word for a value that it lost: otherwise a wrong id would be opted out, and the right one not.
"""

import re

import msgspec

from common.opt_outs.subject_ids import invalid_reason
from enrichment_job.consent.list_text import UNREADABLE

SEPARATORS = "\t;,"
AROUND = " \t\v\f\x00\ufeff\u200b\u200c\u200d\u2060\u00a0\u3000"
_QUOTES = {'"': '"', "'": "'", "`": "`", "“": "”", "„": "“", "\u2018": "\u2019", "«": "»"}
_ENDS = frozenset([*_QUOTES, *_QUOTES.values()])
_NUMBER = re.compile(r"\d([.,]\d+)?[eE]\+\d+|\d+\.0+")
_UNTIL = "put the id in quotes, or read the list with --plain"
_OTHERS = tuple(
    (re.compile(pattern, re.IGNORECASE), what)
    for pattern, what in (
        (r"\s", "a blank inside"),
        (r"[{}\[\]()<>|]", "a bracket or a pipe, as in JSON and tables"),
        (r"\A[-+=_*~.:]+\Z", "a ruled line, or a mark for nothing"),
        (r"\A#", "a comment, or a spreadsheet's error"),
        (r"\A(null|\\n|nan|n/?a|n\.a\.|none|nil|undefined)\Z", "a tool's word for no value"),
        # A kind in front, as in user:17 and did:web:example, is part of many ids.
        (r"\A(user|customer|account|member|client|subject|browser|visitor)[_-]?id[:=]", "an id with its name"),
    )
)
"""Patterns that are rare in ids and frequent in other formats."""


class Field(msgspec.Struct, frozen=True):
    text: str
    doubt: str | None = None
    """Why it may be no id."""
    is_open: bool = False
    """It begins with a double quote that its line does not close, so that the field goes on in the following lines."""


def fields_of_line(line: str, separator: str) -> list[Field]:
    around = AROUND.replace(separator, "")  # a separating tab is no blank: the field in front of it may be empty
    line = line.strip(around)
    end = f"(?:{re.escape(separator)}|$)" if separator else "$"
    pattern = re.compile(rf'[{around}]*(?:"((?:[^"]|"")*)"[{around}]*(?={end})|(.*?)(?={end}))', re.DOTALL)
    fields: list[Field] = []
    place = 0
    while place <= len(line) and (match := pattern.match(line, place)) is not None:
        quoted, bare = match.groups()
        fields.append(_bare(bare, separator) if quoted is None else Field(quoted.replace('""', '"').strip(AROUND)))
        place = match.end() + 1
    return fields


def without_quoted(line: str) -> str:
    return re.sub(r'"(?:[^"]|"")*"', "", line)


def refusal(field: Field, *, plain: bool) -> str | None:
    """Why the field is not accepted as an id, without what it holds; None where it is accepted."""
    if UNREADABLE in field.text:
        return "not UTF-8"
    if not plain and "\ufffd" in field.text:
        return "a character that a conversion has lost"
    if field.doubt is not None:
        return field.doubt
    if not plain and _NUMBER.fullmatch(field.text):
        return "a number that a spreadsheet has rounded or written as a fraction"
    return invalid_reason(field.text)


def _bare(text: str, separator: str) -> Field:
    text = text.strip(AROUND)
    first, last = text[:1], text[-1:]
    if len(text) > 1 and last == _QUOTES.get(first):
        return Field(text[1:-1].strip(AROUND))
    if first in _QUOTES or last in _ENDS:
        return Field(text, "a quote without its other half", is_open=first == '"')
    return Field(text, _doubt(text, separator))


def _doubt(text: str, separator: str) -> str | None:
    if any(other in text for other in SEPARATORS if other != separator):
        return f"a second separator: {_UNTIL}"
    for pattern, what in _OTHERS:
        if pattern.search(text):
            return f"{what}: {_UNTIL}"
    return None
