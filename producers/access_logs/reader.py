"""Reads a log line by line, whatever its layout: first as the lines before, then as any other that is asked for."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from producers.access_logs import alb, json_lines, ncsa, syslog, w3c
from producers.access_logs.request import LineParser, Parsed, Request, Unparsable

Family = str
"""Layouts that one parser reads."""
NCSA, JSON, W3C, ALB = "ncsa", "json", "w3c", "alb"
FAMILIES: tuple[Family, ...] = (NCSA, JSON, W3C, ALB)
_CUT_OFF = Unparsable("cut off before referrer and agent")


class LogReader:
    """Of one log from its beginning. ``layout`` is the one that its first lines have, where that is known."""

    def __init__(self, families: Iterable[Family] = FAMILIES, layout: str | None = None) -> None:
        self._parsers = [_PARSERS[family]() for family in families]
        self._behind_syslog = False
        # A line without referrer and agent is not whole where the others have them.
        self._cut_off = ncsa.WITH_AGENT.get((layout or "").removeprefix(syslog.NAME))

    def parse(self, line: bytes) -> Parsed:
        r"""``line`` with or without its line end. Bytes that are not UTF-8 are kept as ``\xhh``, as Apache does it."""
        text = line.rstrip(b"\r\n").decode("utf-8", "backslashreplace").removeprefix("\ufeff")
        if self._behind_syslog:
            found = self._message(text)
            if not isinstance(found, Unparsable):
                return found
        first = self._plain(text)
        if not isinstance(first, Unparsable) or self._behind_syslog:
            return first
        found = self._message(text)
        self._behind_syslog = not isinstance(found, Unparsable)
        return found if self._behind_syslog else first

    def _message(self, text: str) -> Parsed:
        message = syslog.message(text)
        found: Parsed = ncsa.NO_LINE if message is None else self._plain(message)
        if not isinstance(found, Request):
            return found
        return replace(found, layout=syslog.NAME + found.layout)

    def _plain(self, text: str) -> Parsed:
        refused: Unparsable | None = None
        for number, parse in enumerate(self._parsers):
            found = parse(text)
            if isinstance(found, Unparsable):
                refused = refused or found
                continue
            if number and isinstance(found, Request):
                self._parsers.insert(0, self._parsers.pop(number))
            if isinstance(found, Request) and self._cut_off is not None and found.layout == self._cut_off:
                return _CUT_OFF
            return found
        return refused or ncsa.NO_LINE


_PARSERS: Mapping[Family, Callable[[], LineParser]] = MappingProxyType(
    {
        NCSA: lambda: ncsa.parse_line,
        JSON: lambda: json_lines.parse_line,
        W3C: w3c.parser,
        ALB: lambda: alb.parse_line,
    }
)
