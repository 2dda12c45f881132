"""The security events of a lake: the Parquet files of the purpose, hour by hour."""

from collections.abc import Iterator

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from assurance.backtest.inputs.problems import InputError, Skipped
from assurance.backtest.inputs.span import Span
from core.risk.security_event import SecurityEvent
from lake.store import open_lake_store

_PURPOSE = "purpose=security/"
_FIELDS = SecurityEvent.__struct_fields__


def lake_events(location: str, span: Span, skipped: Skipped) -> Iterator[SecurityEvent]:
    """In the order of their times: an event is in the hour in which it was collected, and hours are read in order.
    Memory: the events of one hour.

    :param location: a directory, or ``s3://bucket/prefix``.
    :raises InputError: if there is no such lake, or it has no security events.
    """
    lake = open_lake_store(location)
    try:
        hours = {
            name: files
            for name, entries in lake.hours().items()
            if name.startswith(_PURPOSE) and (files := [entry for entry in entries if entry.has_rows])
        }
        if not hours:
            raise InputError(f"{location} has no events of the purpose security")
        for name, files in hours.items():
            if not span.has_hour(*_day_and_hour(name)):
                continue
            events: list[SecurityEvent] = []
            for entry in files:
                with lake.open(entry.path) as opened:
                    events += _events(pq.ParquetFile(opened), skipped)
            yield from sorted(events, key=lambda event: (event.collector_tstamp, event.event_id))
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{location} cannot be read: {type(error).__name__}") from error


def _events(file: pq.ParquetFile, skipped: Skipped) -> Iterator[SecurityEvent]:
    """A file that is older than a field does not have its column."""
    names = [name for name in file.schema_arrow.names if name in _FIELDS]
    for batch in file.iter_batches(columns=names):
        for row in batch.to_pylist():
            try:
                yield msgspec.convert({name: value for name, value in row.items() if value is not None}, SecurityEvent)
            except msgspec.ValidationError:
                skipped.unreadable += 1


def _day_and_hour(path: str) -> tuple[str, str]:
    _, day, hour = (part.partition("=")[2] for part in path.split("/"))
    return day, hour
