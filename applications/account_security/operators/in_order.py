"""Puts the events of one key in order while the job catches up.

The source reads its partitions one beside the other: after an outage it may have read hours of one before the first
record of another. A facet keeps a bounded number of the newest events, so what comes from the slower partition would be
too late for it, and an attack would not be seen. Therefore an old event waits until every partition has been read up
to its time, which is the watermark. A live event never waits: a verdict that comes later is of little use, and live
partitions are apart by no more than what a facet allows events to be late.

Flink's alignment of watermarks does not do this. It pauses a partition that is ahead only after its watermarks have
been announced, and what has been fetched by then is read: of 600 tries over two partitions, 51 to 172 were not seen.
And it would hold live partitions back behind a slow one.
"""

import time
from collections.abc import Iterator
from typing import Protocol

from pyflink.common import Types
from pyflink.datastream import RuntimeContext
from pyflink.datastream.state import MapStateDescriptor

from applications.account_security.messages import Asked, decode_asked

_STEP_MS = 1_000
"""One timer for all events of a key in so long a time."""


class Timers(Protocol):
    def current_watermark(self) -> int: ...
    def register_event_time_timer(self, timestamp: int) -> None: ...


class InOrder:
    """Of one function instance; each call is about the key on which the function works at the moment."""

    def __init__(self, context: RuntimeContext, live_ms: int) -> None:
        """:param live_ms: an event that is at most this old is live."""
        # By the time of their timer: one list of all that wait would be read and written anew at every timer.
        waiting = MapStateDescriptor("waiting", Types.LONG(), Types.PICKLED_BYTE_ARRAY())
        self._waiting = context.get_map_state(waiting)
        self._live_ms = live_ms

    def must_wait(self, at: int, timers: Timers) -> bool:
        """:param at: time of the event, ms since 1970 UTC."""
        # To ask Flink for the watermark takes microseconds, and most events are live.
        return at < time.time_ns() // 1_000_000 - self._live_ms and at > timers.current_watermark()

    def wait(self, packed: bytes, at: int, timers: Timers) -> None:
        due = at - at % _STEP_MS + _STEP_MS
        before: bytes | None = self._waiting.get(due)
        if before is None:
            timers.register_event_time_timer(due)
        self._waiting.put(due, (before or b"") + len(packed).to_bytes(4) + packed)

    def ready(self, due: int) -> list[Asked]:
        """Takes out what waited for this timer, in the order of time."""
        packed: bytes = self._waiting.get(due) or b""
        self._waiting.remove(due)
        return sorted(_unpacked(packed), key=_order)


def _unpacked(packed: bytes) -> Iterator[Asked]:
    at = 0
    while at < len(packed):
        size = int.from_bytes(packed[at : at + 4])
        at += 4 + size
        yield decode_asked(packed[at - size : at])


def _order(asked: Asked) -> tuple[int, str]:
    return asked.observed.at, asked.observed.identity_of_all
