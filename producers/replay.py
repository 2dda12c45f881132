"""Old events once more: a log's lines as records, with the collector times they had."""

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
from producers.access_log.web_event import WebSite, line_id, web_event
from producers.delivery.record import Record

LISTED = 20


@dataclass
class Problems:
    """What was read and what was not: lines that are no event, the first of them listed with their numbers; and why
    reading ended early, if it did.
    """

    unparsable: int = 0
    broken_input: str | None = None
    listed: list[tuple[int, str]] = field(default_factory=list)
    understood: int = 0
    """Lines that are an event, sound or not."""
    layouts: Counter[str] = field(default_factory=Counter)
    """Of an access log: layout to number of requests."""

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
    format: Format = Format.AUTO
    shift_to_now: bool = False
    web_site: WebSite = field(default_factory=WebSite)


def replay(settings: ReplaySettings, problems: Problems) -> Iterator[Record]:
    """Yields the records in the file's order, as far as it can be read; none of a file that is not understood."""
    found = recognise(settings.path, settings.format)
    if isinstance(found, NotUnderstood):
        problems.broken_input = found.message
        return
    yield from replay_as(found, settings, problems)


def replay_as(source: Recognised, settings: ReplaySettings, problems: Problems) -> Iterator[Record]:
    """The same of an input that has been recognised."""
    now_ms = time.time_ns() // 1_000_000
    try:
        shift_ms = now_ms - latest_ms(source, settings.path, now_ms) if settings.shift_to_now else 0
        if source.families:
            yield from _of_requests(source, settings, shift_ms, now_ms, problems)
        else:
            yield from _of_json(settings, shift_ms, now_ms, problems)
    except BrokenInputError as error:
        problems.broken_input = str(error)


def line_times(source: Recognised, path: Path, now_ms: int) -> Iterator[int]:
    """The collector times that the lines tell, ms since 1970; but none after ``now_ms``: that is a wrong clock's.

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
    """The latest collector time in the file, ms since 1970; ``now_ms`` if there is none. What of a damaged file
    cannot be read has none.
    """
    latest: int | None = None
    try:
        for at_ms in line_times(source, path, now_ms):
            latest = at_ms if latest is None else max(latest, at_ms)
    except BrokenInputError:
        pass  # said where the lines are sent
    return now_ms if latest is None else latest


def _of_requests(
    source: Recognised, settings: ReplaySettings, shift_ms: int, now_ms: int, problems: Problems
) -> Iterator[Record]:
    reader = source.reader()
    for number, line in read_lines(settings.path):
        found = reader.parse(line)
        if isinstance(found, Unparsable):
            problems.add(number, found.reason)
        elif isinstance(found, Request):
            problems.understood += 1
            problems.layouts[found.layout] += 1
            # A clock that was ahead; brokers refuse what is ahead of theirs, with the whole batch that it is in.
            at_ms = min(found.time_ms + shift_ms, now_ms)
            event_id = line_id(number, line)
            yield Record(web_event(found, event_id=event_id, time_ms=at_ms, web_site=settings.web_site), at_ms)


def _of_json(settings: ReplaySettings, shift_ms: int, now_ms: int, problems: Problems) -> Iterator[Record]:
    # Undated lines take the time of the event before them; those at the start wait for the first dated one.
    waiting: list[bytes] = []
    previous_ms: int | None = None
    for _, line in read_lines(settings.path):
        problems.understood += is_event(line)
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
