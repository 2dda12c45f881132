"""Reads a log line by line, whatever its layout: first as the lines before, then as any other that is asked for."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from producers.access_log import alb, json_lines, ncsa, syslog, w3c
from producers.access_log.request import REMARK, LineParser, Parsed, Request, Unparsable

Family = str
"""Layouts that one parser reads."""
NCSA, JSON, W3C, ALB = "ncsa", "json", "w3c", "alb"
FAMILIES: tuple[Family, ...] = (NCSA, JSON, W3C, ALB)
_OF_OTHER_LAYOUTS = (ncsa.NO_LINE, json_lines.NO_OBJECT, w3c.NO_FIELDS, w3c.OTHER_FIELDS, alb.NO_LINE)
"""Reasons of lines that do not even look like the layout's."""
_CUT_OFF = Unparsable("cut off before referrer and agent")


class LogReader:
    """Of one log from its beginning. ``layout`` is the one that its first lines have, where that is known."""

    def __init__(self, families: Iterable[Family] = FAMILIES, layout: str | None = None) -> None:
        self._parsers = [(family, _PARSERS[family]()) for family in families]
        self._behind_syslog = False
        # A line without referrer and agent is not whole where the others have them.
        self._cut_off = ncsa.WITH_AGENT.get((layout or "").removeprefix(syslog.NAME))

    def parse(self, line: bytes) -> Parsed:
        r"""``line`` with or without its line end. Bytes that are not UTF-8 are kept as ``\xhh``, as Apache does it.

        A blank line is a remark.
        """
        text = line.rstrip(b"\r\n").decode("utf-8", "backslashreplace").removeprefix("\ufeff")
        if not text or text.isspace():
            return REMARK
        first, second = (self._message, self._plain) if self._behind_syslog else (self._plain, self._message)
        found = first(text)
        if found is not None and not isinstance(found, Unparsable):
            return found
        other = second(text)
        if other is not None and not isinstance(other, Unparsable):
            self._behind_syslog = True
            return other
        # With a prefix, why the rest is no request tells more than that the whole is none.
        return (found if self._behind_syslog else other) or found or other or ncsa.NO_LINE

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
            if isinstance(found, Request) and self._cut_off is not None and found.layout == self._cut_off:
                return _CUT_OFF
            return found
        return _reason(text, reasons)


def _reason(text: str, reasons: Mapping[Family, Unparsable]) -> Unparsable:
    """That of the layout which the line looks like; else the first."""
    if JSON in reasons and text.lstrip().startswith("{"):
        return reasons[JSON]
    told = (each for each in reasons.values() if each not in _OF_OTHER_LAYOUTS)
    return next(told, None) or next(iter(reasons.values()), ncsa.NO_LINE)


_PARSERS: Mapping[Family, Callable[[], LineParser]] = MappingProxyType(
    {
        NCSA: lambda: ncsa.parse_line,
        JSON: lambda: json_lines.parse_line,
        W3C: w3c.parser,
        ALB: lambda: alb.parse_line,
    }
)
