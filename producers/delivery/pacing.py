"""Delays records until they are due, at a fixed rate or at the log's pace."""

import time
from collections.abc import Callable, Iterator
from itertools import count

from common.cli.shutdown import Stop
from producers.record import Record

Due = Callable[[Record], float]
"""When a record is due, in seconds since the start."""

_SHORTEST_S = 0.002
"""Shorter sleeps cost more than they smooth; records due within this time are sent together."""
_LONGEST_S = 0.05
"""Longest delay until a stop request is noticed."""


def by_rate(per_second: float) -> Due:
    """A fixed rate, counted from the start, so that delays are made up for and the rate does not drift."""
    numbers = count()
    return lambda record: next(numbers) / per_second


def by_log_time(speed: float) -> Due:
    """The log's pace, ``speed`` times as fast, from the time of the first record. Older records are due at once."""
    first_ms: int | None = None

    def due(record: Record) -> float:
        nonlocal first_ms
        if first_ms is None:
            first_ms = record.timestamp_ms
        return (record.timestamp_ms - first_ms) / 1000.0 / speed

    return due


def paced(records: Iterator[Record], due: Due, stop: Stop) -> Iterator[Record]:
    """Yields each record when it is due, or later if the consumer is slower. Time starts with the first record."""
    start: float | None = None
    for record in records:
        start = start or time.perf_counter()
        due_s = due(record)
        while (wait := due_s - (time.perf_counter() - start)) > 0:
            if stop.requested:
                stop.early = True
                return
            time.sleep(min(max(wait, _SHORTEST_S), _LONGEST_S))
        yield record
