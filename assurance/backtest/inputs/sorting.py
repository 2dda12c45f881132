"""Puts events in the order of their times, with memory for one batch of them: the others wait sorted in files."""

import heapq
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from typing import BinaryIO

import msgspec

from core.risk.security_event import SecurityEvent, read_event

BATCH = 100_000
_DIGITS = 14
_encode = msgspec.json.Encoder().encode


def by_time(events: Iterable[SecurityEvent], batch: int = BATCH) -> Iterator[SecurityEvent]:
    """Every event, the earliest first. All are read before the first one is yielded."""
    with ExitStack() as opened:
        runs: list[BinaryIO] = []
        last: list[bytes] = []
        for taken in _batches(events, batch):
            if last:
                runs.append(_spilled(last, opened))
            last = taken
        for line in heapq.merge(*runs, last) if runs else last:
            yield read_event(line[_DIGITS:])


def _batches(events: Iterable[SecurityEvent], size: int) -> Iterator[list[bytes]]:
    """Each sorted. A line begins with its time, so that lines sort as their events do."""
    remaining = iter(events)
    while taken := list(islice(remaining, size)):
        yield sorted(b"%0*d%b\n" % (_DIGITS, event.collector_tstamp, _encode(event)) for event in taken)


def _spilled(lines: Iterable[bytes], opened: ExitStack) -> BinaryIO:
    file = opened.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - the stack closes it
    file.writelines(lines)
    file.seek(0)
    return file
