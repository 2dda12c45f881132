"""Access log lines for the tests, and their parsing."""

from producers.access_log.reader import LogReader
from producers.access_log.request import Parsed, Request

LINE = '{client} - {user} [{time}] "{request}" {status} {size} "{referrer}" "{agent}"'
TIME = "17/May/2015:10:05:03 +0000"
TIME_MS = 1_431_857_103_000


def line(**fields: str) -> bytes:
    usual = {
        "client": "192.0.2.7",
        "user": "-",
        "time": TIME,
        "request": "GET /a HTTP/1.1",
        "status": "200",
        "size": "12",
        "referrer": "-",
        "agent": "-",
    }
    return LINE.format(**{**usual, **fields}).encode()


def parsed(content: bytes) -> Request:
    request = read(content)
    assert isinstance(request, Request), request
    return request


def read(*lines: bytes | str) -> Parsed:
    """The result of the last line, from a reader of all layouts that has read the lines before."""
    reader = LogReader()
    found = [reader.parse(each if isinstance(each, bytes) else each.encode()) for each in lines]
    return found[-1]
