"""What a line has in front when it came by way of syslog: RFC 3164, RFC 5424, rsyslog's and journald's files."""

import re

_PRIORITY = r"(?:<\d{1,3}>)?"
_OLD_TIME = r"[A-Z][a-z]{2} [ 0-3]\d (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d{1,9})?(?: (?:\d{4}|[A-Z]{3,4}))?"
_ISO_TIME = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"
_TAG = r"[^\s:\[]{1,128}(?:\[[^\]\s]{1,64}\])?:"
_ELEMENT = r'\[[^\s=\]"]{1,64}(?: [^\s=\]"]{1,64}="(?:[^"\\\]]|\\.){0,1024}+"){0,32}\]'
# A host may be an IPv6 address. A word that ends with a colon is the tag. Without a blank after it only that follows
# which can neither be a port nor the second half of an address.
_HOST = r"\S{0,253}(?:[^\s:]|::)"
_PREFIX = re.compile(
    rf"{_PRIORITY}(?:{_OLD_TIME}|{_ISO_TIME}) (?:{_HOST} )?{_TAG}(?: |(?=\d{{1,3}}\.\d|[\[{{]))"
    rf"|<\d{{1,3}}>\d{{1,2}} (?:{_ISO_TIME}|-) \S{{1,255}} \S{{1,48}} \S{{1,128}} \S{{1,32}} "
    rf"(?:-|(?:{_ELEMENT}){{1,16}}) (?:\ufeff)?",
    re.DOTALL | re.ASCII,
)
NAME = "syslog+"
"""Before the name of the layout that comes after the prefix."""


def message(line: str) -> str | None:
    """The line without what syslog has put in front; None where there is nothing of that."""
    found = _PREFIX.match(line)
    return line[found.end() :] if found else None
