"""Replays a log: its lines as records, with their original collector times."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from producers.access_log.formats import Format, NotUnderstood, Recognised, is_event, recognise
from producers.access_log.input_lines import BrokenInputError, read_lines
from producers.access_log.request import Request, Unparsable
from producers.access_log.visitors import random_salt
from producers.access_log.web_event import WebSite, line_id, web_event
from producers.record import Record

MAX_LISTED = 20


@dataclass
class ReadReport:
    """Counts of the lines read, filled while reading."""

    events: int = 0
    """Lines that are meant as an event, valid or not."""
    unparsable: int = 0
    """Lines that are no event."""
    listed: list[tuple[int, str]] = field(default_factory=list)
    """Number, from 1, and reason of the first :data:`MAX_LISTED` unparsable lines."""
    broken_input: str | None = None
    """Why reading ended before the end of the file."""
    layouts: Counter[str] = field(default_factory=Counter)
    """Layout to number of requests, for an access log."""

    def add_unparsable(self, number: int, reason: str) -> None:
        """``number``: of the line, from 1."""
        self.unparsable += 1
        if len(self.listed) < MAX_LISTED:
            self.listed.append((number, reason))


@dataclass(frozen=True, kw_only=True)
class ReplaySettings:
    """``shift_to_now`` moves all collector times so that the latest is now.

    The times inside events made from an access log move too. Events read as JSON keep their bytes.
    """

    path: Path
    format: Format = Format.AUTO
    shift_to_now: bool = False
    web_site: WebSite = field(default_factory=WebSite)
    visitor_salt: bytes = field(default_factory=random_salt, repr=False)
    """For the visitors' ids in events made from an access log; a secret, because with it an id can be traced back to an
    address."""


def replay(settings: ReplaySettings, report: ReadReport) -> Iterator[Record]:
    """Yields the records in the order of the file, up to the first unreadable part. None if no format fits."""
    found = recognise(settings.path, settings.format)
    if isinstance(found, NotUnderstood):
        report.broken_input = found.message
        return
    yield from replay_as(found, settings, report)


def replay_as(source: Recognised, settings: ReplaySettings, report: ReadReport) -> Iterator[Record]:
    """As :func:`replay`, for an input whose format has been recognised."""
    now_ms = time.time_ns() // 1_000_000
    try:
        shift_ms = now_ms - latest_ms(source, settings.path, now_ms) if settings.shift_to_now else 0
        if source.families:
            yield from _access_log_records(source, settings, shift_ms, now_ms, report)
        else:
            yield from _json_records(settings, shift_ms, now_ms, report)
    except BrokenInputError as error:
        report.broken_input = str(error)


def line_times(source: Recognised, path: Path, now_ms: int) -> Iterator[int]:
    """The collector times in the lines, ms since 1970. A time after ``now_ms`` is from a wrong clock and is left out.

    Raises BrokenInputError.
    """
    reader = source.reader()
    for _, line in read_lines(path):
        if source.families:
            found = reader.parse(line)
            if isinstance(found, Request) and found.time_ms <= now_ms:
                yield found.time_ms
        elif (at_ms := event_ms(line, now_ms)) is not None:
            yield at_ms


def latest_ms(source: Recognised, path: Path, now_ms: int) -> int:
    """The latest collector time in the readable part of the file, ms since 1970; ``now_ms`` if there is none."""
    latest: int | None = None
    try:
        for at_ms in line_times(source, path, now_ms):
            latest = at_ms if latest is None else max(latest, at_ms)
    except BrokenInputError:
        pass  # reported when the lines are sent
    return now_ms if latest is None else latest


def _access_log_records(
    source: Recognised, settings: ReplaySettings, shift_ms: int, now_ms: int, report: ReadReport
) -> Iterator[Record]:
    reader = source.reader()
    for number, line in read_lines(settings.path):
        found = reader.parse(line)
        if isinstance(found, Unparsable):
            report.add_unparsable(number, found.reason)
        elif isinstance(found, Request):
            report.events += 1
            report.layouts[found.layout] += 1
            # Limited to now: a broker rejects a record from the future, and with it the whole batch.
            at_ms = min(found.time_ms + shift_ms, now_ms)
            event_id = line_id(number, line)
            value = web_event(
                found,
                event_id=event_id,
                time_ms=at_ms,
                web_site=settings.web_site,
                visitor_salt=settings.visitor_salt,
            )
            yield Record(value, at_ms)


def _json_records(settings: ReplaySettings, shift_ms: int, now_ms: int, report: ReadReport) -> Iterator[Record]:
    # A line without a time gets the time of the line before it; those at the start wait for the first line with one.
    waiting: list[bytes] = []
    previous_ms: int | None = None
    for _, line in read_lines(settings.path):
        report.events += is_event(line)
        at_ms = event_ms(line, now_ms) or previous_ms
        if at_ms is None:
            waiting.append(line)
            continue
        yield from (Record(each, at_ms + shift_ms) for each in waiting)
        waiting.clear()
        yield Record(line, at_ms + shift_ms)
        previous_ms = at_ms
    yield from (Record(each, now_ms) for each in waiting)


class _EventTimes(msgspec.Struct, frozen=True):
    collector_tstamp: Any = None
    times: Any = None


_decode = msgspec.json.Decoder(_EventTimes).decode


def event_ms(line: bytes, now_ms: int) -> int | None:
    """When the collector received the event, ms since 1970 UTC, from the best time in the line.

    None without a time up to ``now_ms``: a later time is from a wrong clock, and a broker rejects it.
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
