"""Shows the progress of a run: a bar on a terminal, otherwise one plain line every two seconds."""

import sys
import time
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TimeElapsedColumn

from producers.record import Record

EVERY_S = 2.0
_BAR_EVERY_S = 0.1


def with_progress(records: Iterator[Record], total: int | None) -> Iterator[Record]:
    """Passes the records on and shows their count on standard error. ``total`` is None if it is unknown."""
    console = Console(stderr=True)
    return _with_bar(records, total, console) if console.is_terminal else _with_lines(records, total)


def _with_bar(records: Iterator[Record], total: int | None, console: Console) -> Iterator[Record]:
    columns = (SpinnerColumn(), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("sent", total=total)
        shown_at = time.monotonic()
        for done, record in enumerate(records):
            if (now := time.monotonic()) - shown_at >= _BAR_EVERY_S:
                bar.update(task, completed=done)
                shown_at = now
            yield record


def _with_lines(records: Iterator[Record], total: int | None) -> Iterator[Record]:
    start = shown_at = time.monotonic()
    before = 0
    for done, record in enumerate(records):
        if (now := time.monotonic()) - shown_at >= EVERY_S:
            of = "" if total is None else f"/{total}"
            rate = (done - before) / (now - shown_at)
            print(f"progress: sent={done}{of} seconds={now - start:.0f} rate={rate:.0f}/s", file=sys.stderr, flush=True)
            before, shown_at = done, now
        yield record
