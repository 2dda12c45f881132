"""The prefix of a line that came through syslog: RFC 3164, RFC 5424, and the files of rsyslog and journald."""

import re

_PRIORITY = r"(?:<\d{1,3}>)?"
_OLD_TIME = r"[A-Z][a-z]{2} [ 0-3]\d (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d{1,9})?(?: (?:\d{4}|[A-Z]{3,4}))?"
_ISO_TIME = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"
_TAG = r"[^\s:\[]{1,128}(?:\[[^\]\s]{1,64}\])?:"
_ELEMENT = r'\[[^\s=\]"]{1,64}(?: [^\s=\]"]{1,64}="(?:[^"\\\]]|\\.){0,1024}+"){0,32}\]'
# A host may be an IPv6 address. A word that ends with a colon is the tag. If no blank follows the tag, the next
# characters must be neither a port nor the rest of an address.
_HOST = r"\S{0,253}(?:[^\s:]|::)"
_PREFIX = re.compile(
    rf"{_PRIORITY}(?:{_OLD_TIME}|{_ISO_TIME}) (?:{_HOST} )?{_TAG}(?: |(?=\d{{1,3}}\.\d|[\[{{]))"
    rf"|<\d{{1,3}}>\d{{1,2}} (?:{_ISO_TIME}|-) \S{{1,255}} \S{{1,48}} \S{{1,128}} \S{{1,32}} "
    rf"(?:-|(?:{_ELEMENT}){{1,16}}) (?:\ufeff)?",
    re.DOTALL | re.ASCII,
)
NAME = "syslog+"
"""Prefix of the layout's name for lines with a syslog prefix."""


def message(line: str) -> str | None:
    """The line without its syslog prefix; None if it has none."""
    found = _PREFIX.match(line)
    return line[found.end() :] if found else None
