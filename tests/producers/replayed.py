"""Files for the tests, and the records of their replay."""

from pathlib import Path

from producers.access_log.formats import Format
from producers.access_log.replay import ReadReport, ReplaySettings, replay
from producers.access_log.web_event import WebSite
from producers.record import Record

LINE = b'192.0.2.7 - - [17/May/2015:10:05:0%d +0000] "GET /a HTTP/1.1" 200 12 "-" "agent/1"'
LINE_MS = 1_431_857_100_000
SALT = b"of the tests"


def records(
    path: Path,
    log_format: Format,
    *,
    shift_to_now: bool = False,
    web_site: WebSite | None = None,
    visitor_salt: bytes = SALT,
) -> tuple[list[Record], ReadReport]:
    report = ReadReport()
    settings = ReplaySettings(
        path=path,
        format=log_format,
        shift_to_now=shift_to_now,
        web_site=web_site or WebSite(),
        visitor_salt=visitor_salt,
    )
    return list(replay(settings, report)), report


def written(path: Path, *lines: bytes) -> Path:
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path
