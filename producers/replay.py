"""Old events once more: a log's lines as records, with the collector times they had."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from producers.combined_log import Unparsable, parse_line
from producers.input_lines import BrokenInputError, read_lines
from producers.record import Record
from producers.web_event import WebSite, line_id, web_event


class Format(StrEnum):
    """Raw events as JSON lines, or a web server's combined access log."""

    NDJSON = "ndjson"
    COMBINED = "combined"


LISTED = 20


@dataclass
class Problems:
    """Lines that are no event, the first of them listed with their numbers; and why reading ended early, if it did."""

    unparsable: int = 0
    broken_input: str | None = None
    listed: list[tuple[int, str]] = field(default_factory=list)

    def add(self, number: int, reason: str) -> None:
        """Line ``number``, from 1, is no event."""
        self.unparsable += 1
        if len(self.listed) < LISTED:
            self.listed.append((number, reason))


@dataclass(frozen=True, kw_only=True)
class ReplaySettings:
    """``shift_to_now`` moves all collector times so that the latest is now, and the times in events made here.

    Events that are read as JSON keep their bytes.
    """

    path: Path
    format: Format = Format.NDJSON
    shift_to_now: bool = False
    web_site: WebSite = field(default_factory=WebSite)


def replay(settings: ReplaySettings, problems: Problems) -> Iterator[Record]:
    """Yields the records in the file's order, as far as it can be read."""
    now_ms = time.time_ns() // 1_000_000
    try:
        shift_ms = now_ms - latest_ms(settings, now_ms) if settings.shift_to_now else 0
        if settings.format is Format.COMBINED:
            yield from _of_requests(settings, shift_ms, problems)
        else:
            yield from _of_json(settings, shift_ms, now_ms)
    except BrokenInputError as error:
        problems.broken_input = str(error)


def latest_ms(settings: ReplaySettings, now_ms: int) -> int:
    """The latest collector time in the file, ms since 1970; ``now_ms`` if there is none. Raises BrokenInputError."""
    times = (
        _request_ms(line) if settings.format is Format.COMBINED else event_ms(line, now_ms)
        for _, line in read_lines(settings.path)
    )
    return max((each for each in times if each is not None), default=now_ms)


def _request_ms(line: bytes) -> int | None:
    request = parse_line(line.removesuffix(b"\r"))
    return None if isinstance(request, Unparsable) else request.time_ms


def _of_requests(settings: ReplaySettings, shift_ms: int, problems: Problems) -> Iterator[Record]:
    for number, line in read_lines(settings.path):
        request = parse_line(line.removesuffix(b"\r"))
        if isinstance(request, Unparsable):
            problems.add(number, request.reason)
            continue
        at_ms = request.time_ms + shift_ms
        event_id = line_id(number, line)
        yield Record(web_event(request, event_id=event_id, time_ms=at_ms, web_site=settings.web_site), at_ms)


def _of_json(settings: ReplaySettings, shift_ms: int, now_ms: int) -> Iterator[Record]:
    # Undated lines take the time of the event before them; those at the start wait for the first dated one.
    waiting: list[bytes] = []
    previous_ms: int | None = None
    for _, line in read_lines(settings.path):
        at_ms = event_ms(line, now_ms) or previous_ms
        if at_ms is None:
            waiting.append(line)
            continue
        yield from (Record(each, at_ms + shift_ms) for each in waiting)
        waiting.clear()
        yield Record(line, at_ms + shift_ms)
        previous_ms = at_ms
    yield from (Record(each, now_ms) for each in waiting)


class _Dated(msgspec.Struct, frozen=True):
    collector_tstamp: Any = None
    times: Any = None


_decode = msgspec.json.Decoder(_Dated).decode


def event_ms(line: bytes, now_ms: int) -> int | None:
    """When the collector received the event, ms since 1970 UTC, as well as its line tells.

    None where it does not tell, or tells a time after ``now_ms``: that is a wrong clock, and a broker refuses it.
    """
    try:
        event = _decode(line.decode())
    except (ValueError, RecursionError):
        return None
    times = event.times if isinstance(event.times, dict) else {}
    for at_ms in (event.collector_tstamp, times.get("dvce_sent_tstamp"), times.get("dvce_created_tstamp")):
        if type(at_ms) is int and 0 < at_ms <= now_ms:
            return at_ms
    return None
