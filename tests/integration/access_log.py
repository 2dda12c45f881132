"""An access log of a web server as raw records."""

from collections.abc import Iterable, Iterator

from producers.access_log.reader import LogReader
from producers.access_log.request import Request
from producers.access_log.web_event import WebSite, line_id, web_event
from producers.record import Record
from tests.producers.access_log.made_log import made_log


def access_log() -> Iterator[Record]:
    """10,000 requests of four days. One line is invalid and is left out."""
    return records(made_log().splitlines())


def records(lines: Iterable[bytes]) -> Iterator[Record]:
    """The raw records that the producers make of a log."""
    reader = LogReader()
    for number, line in enumerate(lines):
        request = reader.parse(line)
        if isinstance(request, Request):
            event = web_event(
                request,
                event_id=line_id(number, line),
                time_ms=request.time_ms,
                web_site=WebSite(),
                visitor_salt=b"of the tests",
            )
            yield Record(event, request.time_ms)
