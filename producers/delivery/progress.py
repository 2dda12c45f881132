"""Shows how far a run is: a bar on a terminal, otherwise one plain line every two seconds."""

import sys
import time
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TimeElapsedColumn

from producers.delivery.record import Record

EVERY_S = 2.0
_BAR_EVERY_S = 0.1


def watched(records: Iterator[Record], total: int | None) -> Iterator[Record]:
    """The records as they are; their count is shown on standard error. ``total`` is None where it is unknown."""
    console = Console(stderr=True)
    return _with_bar(records, total, console) if console.is_terminal else _with_lines(records, total)


def _with_bar(records: Iterator[Record], total: int | None, console: Console) -> Iterator[Record]:
    columns = (SpinnerColumn(), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("sent", total=total)
        shown = time.monotonic()
        for done, record in enumerate(records):
            if (now := time.monotonic()) - shown >= _BAR_EVERY_S:
                bar.update(task, completed=done)
                shown = now
            yield record


def _with_lines(records: Iterator[Record], total: int | None) -> Iterator[Record]:
    start = shown = time.monotonic()
    before = 0
    for done, record in enumerate(records):
        if (now := time.monotonic()) - shown >= EVERY_S:
            of = "" if total is None else f"/{total}"
            rate = (done - before) / (now - shown)
            print(f"progress: sent={done}{of} seconds={now - start:.0f} rate={rate:.0f}/s", file=sys.stderr, flush=True)
            before, shown = done, now
        yield record
