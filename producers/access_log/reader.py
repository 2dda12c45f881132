"""Reads a log of any layout line by line: tries the layout of the previous lines first, then the other ones."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from producers.access_log import alb, json_lines, ncsa, syslog, w3c
from producers.access_log.request import REMARK, LineParser, Parsed, Request, Unparsable

Family = str
"""The layouts that one parser reads."""
NCSA, JSON, W3C, ALB = "ncsa", "json", "w3c", "alb"
FAMILIES: tuple[Family, ...] = (NCSA, JSON, W3C, ALB)
_OTHER_LAYOUT = (ncsa.NOT_A_LINE, json_lines.NOT_AN_OBJECT, w3c.NO_FIELDS, w3c.WRONG_FIELD_COUNT, alb.NOT_A_LINE)
"""Reasons of lines that do not resemble the layout at all."""
_TRUNCATED = Unparsable("truncated before referrer and agent")


class LogReader:
    """For one log, from its beginning. ``layout`` is that of its first lines, if known."""

    def __init__(self, families: Iterable[Family] = FAMILIES, layout: str | None = None) -> None:
        self._parsers = [(family, _PARSERS[family]()) for family in families]
        self._has_syslog_prefix = False
        # If other lines have referrer and agent, a line in the layout without them is truncated.
        self._truncated_layout = ncsa.WITH_AGENT.get((layout or "").removeprefix(syslog.NAME))

    def parse(self, line: bytes) -> Parsed:
        r"""``line`` with or without its line end. Bytes that are not UTF-8 become ``\xhh``, as Apache writes them.

        A blank line is a remark.
        """
        text = line.rstrip(b"\r\n").decode("utf-8", "backslashreplace").removeprefix("\ufeff")
        if not text or text.isspace():
            return REMARK
        first, second = (self._message, self._plain) if self._has_syslog_prefix else (self._plain, self._message)
        found = first(text)
        if found is not None and not isinstance(found, Unparsable):
            return found
        other = second(text)
        if other is not None and not isinstance(other, Unparsable):
            self._has_syslog_prefix = True
            return other
        # If there is a syslog prefix, the reason for the rest of the line says more than that for the whole line.
        return (found if self._has_syslog_prefix else other) or found or other or ncsa.NOT_A_LINE

    def _message(self, text: str) -> Parsed | None:
        message = syslog.message(text)
        found = None if message is None else self._plain(message)
        return replace(found, layout=syslog.NAME + found.layout) if isinstance(found, Request) else found

    def _plain(self, text: str) -> Parsed:
        reasons: dict[Family, Unparsable] = {}
        for number, (family, parse) in enumerate(self._parsers):
            found = parse(text)
            if isinstance(found, Unparsable):
                reasons[family] = found
                continue
            if number and isinstance(found, Request):
                self._parsers.insert(0, self._parsers.pop(number))
            if isinstance(found, Request) and found.layout == self._truncated_layout:
                return _TRUNCATED
            return found
        return _reason(text, reasons)


def _reason(text: str, reasons: Mapping[Family, Unparsable]) -> Unparsable:
    """The reason from the layout that the line resembles, otherwise the first reason."""
    if JSON in reasons and text.lstrip().startswith("{"):
        return reasons[JSON]
    specific = (each for each in reasons.values() if each not in _OTHER_LAYOUT)
    return next(specific, None) or next(iter(reasons.values()), ncsa.NOT_A_LINE)


_PARSERS: Mapping[Family, Callable[[], LineParser]] = MappingProxyType(
    {
        NCSA: lambda: ncsa.parse_line,
        JSON: lambda: json_lines.parse_line,
        W3C: w3c.parser,
        ALB: lambda: alb.parse_line,
    }
)
