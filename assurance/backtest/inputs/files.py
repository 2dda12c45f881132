"""The security events of a file: enriched ones as JSON lines, raw ones, or the lines of an access log.

Raw events and access logs are enriched in this process, with :mod:`training.enriching`.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import msgspec

from assurance.backtest.inputs.problems import InputError, Skipped
from core.risk.security_event import SecurityEvent, read_event
from producers.access_log.formats import Format, NotUnderstood, recognise
from producers.access_log.input_lines import BrokenInputError, read_lines
from producers.access_log.replay import ReadReport, ReplaySettings, replay_as
from training.enriching import DatabaseError, Enricher

_HEAD = 100
_SALT = b"back-test: visitors' ids stay the same from run to run, and leave it nowhere"


class _Enriched(msgspec.Struct, frozen=True):
    """What an enriched event has and a raw one has not."""

    event_id: str
    event_name: str
    collector_tstamp: int
    etl_tstamp: int


def file_events(
    path: Path, form: Format, skipped: Skipped, *, city: Callable[[], Path | None], systems: Path | None
) -> Iterator[SecurityEvent]:
    """In the order of the file.

    :param city: finds the database of places; only asked for where something must be enriched.
    :raises InputError: if the file or a database cannot be read.
    """
    try:
        if form in (Format.AUTO, Format.NDJSON) and _is_enriched(path):
            yield from _enriched(path, skipped)
            return
        source = recognise(path, form)
        if isinstance(source, NotUnderstood):
            raise InputError(source.message)
        report = ReadReport()
        settings = ReplaySettings(path=path, format=form, visitor_salt=_SALT)
        with Enricher(city(), systems) as enricher:
            for record in replay_as(source, settings, report):
                event = enricher.enriched(record.value, record.timestamp_ms)
                if event is None:
                    skipped.unreadable += 1
                else:
                    yield event
        skipped.unreadable += report.unparsable
        if report.broken_input:
            raise InputError(report.broken_input)
    except (BrokenInputError, DatabaseError) as error:
        raise InputError(str(error)) from error
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error


def _is_enriched(path: Path) -> bool:
    """Whether one of the first lines is an enriched event."""
    for _, line in islice(read_lines(path), _HEAD):
        try:
            msgspec.json.decode(line, type=_Enriched)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue
        return True
    return False


def _enriched(path: Path, skipped: Skipped) -> Iterator[SecurityEvent]:
    for _, line in read_lines(path):
        try:
            event = read_event(line)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            skipped.unreadable += bool(line.strip())
        else:
            yield event
