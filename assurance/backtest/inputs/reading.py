"""One stream of events in the order of their times, whatever they are read from."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from assurance.backtest.inputs.files import file_events
from assurance.backtest.inputs.problems import InputError, Skipped
from assurance.backtest.inputs.sorting import by_time
from assurance.backtest.inputs.span import Span
from core.risk.security_event import FLOWS, SecurityEvent
from producers.access_log.formats import Format

_S3 = "s3://"
_KAFKA = "kafka"


@dataclass(frozen=True, kw_only=True)
class Input:
    place: str | None
    """A file, the directory or s3:// prefix of a lake, or ``kafka://host:port[/topic]``. None: the stack's topic."""
    form: Format
    """Of a file."""
    bootstrap_servers: str
    """Where ``place`` is None."""
    span: Span
    city: Callable[[], Path | None]
    """Finds the database of places; only asked for where something must be enriched."""
    systems: Path | None = None
    """An ASN database."""


def read_events(source: Input, skipped: Skipped) -> Iterator[SecurityEvent]:
    """Those that are judged and in the span.

    :raises InputError: if the input cannot be used.
    """
    events, is_sorted = _events(source, skipped)
    wanted = _wanted(events, source.span, skipped)
    return wanted if is_sorted else by_time(wanted)


def _events(source: Input, skipped: Skipped) -> tuple[Iterator[SecurityEvent], bool]:
    # The libraries for Kafka and for Parquet are loaded by those who need them.
    place = source.place
    if place is None or place.startswith(f"{_KAFKA}://"):
        from assurance.backtest.inputs.topic import TOPIC, topic_events  # noqa: PLC0415

        parts = urlsplit(place or f"{_KAFKA}://{source.bootstrap_servers}")
        return topic_events(parts.netloc, skipped, parts.path.strip("/") or TOPIC), False
    if place.startswith(_S3) or Path(place).is_dir():
        from assurance.backtest.inputs.lake_files import lake_events  # noqa: PLC0415

        return lake_events(place, source.span, skipped), True
    if not Path(place).is_file():
        raise InputError(f"{place}: no such file or directory")
    return file_events(Path(place), source.form, skipped, city=source.city, systems=source.systems), False


def _wanted(events: Iterator[SecurityEvent], span: Span, skipped: Skipped) -> Iterator[SecurityEvent]:
    for event in events:
        if event.event_name not in FLOWS:
            continue
        if span.has(event.collector_tstamp):
            yield event
        else:
            skipped.outside += 1
