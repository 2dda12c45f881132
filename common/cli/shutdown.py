"""Ending a run early without losing what was already handed over."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

T = TypeVar("T")


class Stop:
    """Set once somebody wants the run to end."""

    requested = False
    signal: int | None = None
    """The signal that asked for it."""
    early = False
    """Whether there were records left."""


@contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """The first SIGINT or SIGTERM asks for an end; the next one has its usual effect. For the main thread."""
    stop = Stop()
    usual = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def ask(number: int, frame: FrameType | None) -> None:
        stop.requested = True
        stop.signal = number
        for each, handler in usual.items():
            signal.signal(each, handler)

    for number in usual:
        signal.signal(number, ask)
    try:
        yield stop
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)


def until(records: Iterator[T], stop: Stop) -> Iterator[T]:
    """The records, until somebody wants an end."""
    for record in records:
        if stop.requested:
            stop.early = True
            return
        yield record
