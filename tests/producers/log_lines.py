"""Access log lines to take apart."""

from producers.combined_log import Request, parse_line

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
    request = parse_line(content)
    assert isinstance(request, Request), request
    return request
