"""Records into a file or a pipe, one line each, instead of into Kafka."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from producers.delivery.counts import DeliveryCounts
from producers.delivery.record import ProduceReport, Record


def write_file(records: Iterable[Record], path: Path) -> ProduceReport:
    """Writes the values as they are; the collector times are not kept. Raises OSError."""
    tally = DeliveryCounts()
    with path.open("wb") as out:
        _write(records, out, tally)
    return tally.report()


def write_standard_output(records: Iterable[Record]) -> ProduceReport:
    """The same, until the reader has had enough."""
    tally = DeliveryCounts()
    try:
        _write(records, sys.stdout.buffer, tally)
    except BrokenPipeError:
        # Python flushes the stream once more at exit; what is left goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return tally.report()


def _write(records: Iterable[Record], out: BinaryIO, tally: DeliveryCounts) -> None:
    for record in records:
        out.write(record.value + b"\n")
        tally.sent(record)
    out.flush()
