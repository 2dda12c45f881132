"""Writes records to a file or a pipe, one line each, instead of to Kafka."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from producers.delivery.counts import DeliveryCounts
from producers.record import ProduceReport, Record


def write_file(records: Iterable[Record], path: Path) -> ProduceReport:
    """Writes the values unchanged, without the collector times. Raises OSError."""
    counts = DeliveryCounts()
    with path.open("wb") as out:
        _write(records, out, counts)
    return counts.report()


def write_standard_output(records: Iterable[Record]) -> ProduceReport:
    """Writes the values to standard output, until the reader closes the pipe."""
    counts = DeliveryCounts()
    try:
        _write(records, sys.stdout.buffer, counts)
    except BrokenPipeError:
        # Python flushes standard output again at exit, which would raise; redirected, the rest is discarded.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return counts.report()


def _write(records: Iterable[Record], out: BinaryIO, counts: DeliveryCounts) -> None:
    for record in records:
        out.write(record.value + b"\n")
        counts.sent(record)
    out.flush()
