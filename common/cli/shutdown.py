"""Ends a run early on a signal, without losing records that were already handed over."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

T = TypeVar("T")


class Stop:
    """The request to end a run."""

    requested = False
    signal: int | None = None
    """The signal that requested the end."""
    early = False
    """Whether the run ended with records left."""


@contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """The first SIGINT or SIGTERM requests the end; the next one has its usual effect. For the main thread only."""
    stop = Stop()
    usual = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def request_stop(number: int, frame: FrameType | None) -> None:
        stop.requested = True
        stop.signal = number
        for each, handler in usual.items():
            signal.signal(each, handler)

    for number in usual:
        signal.signal(number, request_stop)
    try:
        yield stop
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)


def until(records: Iterator[T], stop: Stop) -> Iterator[T]:
    """Yields the records until the end is requested."""
    for record in records:
        if stop.requested:
            stop.early = True
            return
        yield record
