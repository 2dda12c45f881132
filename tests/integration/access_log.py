"""A web server's log as raw records: the real one where it lies beside the project, else one that is made here."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from producers.combined_log import Request, parse_line
from producers.record import Record
from producers.web_event import WebSite, line_id, web_event
from tests.shared_data import ACCESS_LOG

MADE_LINES = 4_000
_BEGAN = datetime(2015, 5, 17, 10, 5, tzinfo=UTC)
_AGENTS = ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "Googlebot/2.1", "curl/8.5.0")


def access_log() -> Iterator[Record]:
    """Some thousand requests of some days, among them lines that cannot be read and are left out."""
    return records(ACCESS_LOG.read_bytes().splitlines() if ACCESS_LOG.exists() else _made())


def records(lines: Iterable[bytes]) -> Iterator[Record]:
    """What the producers make of a log."""
    for number, line in enumerate(lines):
        request = parse_line(line)
        if isinstance(request, Request):
            event = web_event(request, event_id=line_id(number, line), time_ms=request.time_ms, web_site=WebSite())
            yield Record(event, request.time_ms)


def _made() -> Iterator[bytes]:
    for number in range(MADE_LINES):
        at = _BEGAN + timedelta(seconds=40 * number)
        line = (
            f"203.0.113.{number % 250} - - [{at:%d/%b/%Y:%H:%M:%S %z}] "
            f'"GET /page/{number % 97} HTTP/1.1" {404 if number % 31 == 0 else 200} {number % 9_000} '
            f'"-" "{_AGENTS[number % len(_AGENTS)]}"'
        )
        yield line[:50].encode() if number % 50 == 0 else line.encode()
