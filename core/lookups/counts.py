"""Counters of the lookup engine, and its log of faults."""

import logging
import time
from dataclasses import dataclass, field

from common.log_bridge import errors_to_stderr

_LOGGER = "enrichment_job.lookups"
_AGAIN_S = 60.0


@dataclass(slots=True)
class Counts:
    """Written by the event loop's thread alone. Only ``keys_dropped`` is also written by the tasks' threads, without a
    lock, so it may be too low by a few.
    """

    batches: int = 0
    """Batches sent. Events that ask while it stands still have their keys in the same batch."""
    completed_batches: int = 0
    """Completed batches. Waiting events check again only when this number changes."""
    requests: int = 0
    keys_asked: int = 0
    keys_broken: int = 0
    """Keys whose result could not be used."""
    keys_dropped: int = 0
    """Keys that were not sent: their events had left, or the queue was full."""
    last_request_ms: int = 0
    """Duration of the last request, with its retries."""


@dataclass(slots=True)
class FaultLog:
    """One line a minute for each place and type of error. The error's message is left out: it may hold a value.

    It is written to the process's standard error, because the loop's thread must not call Java's log.
    """

    _next: dict[tuple[str, str], float] = field(default_factory=dict)

    def note(self, where: str, what: str) -> None:
        now = time.monotonic()
        if now >= self._next.get((where, what), 0.0):
            self._next[where, what] = now + _AGAIN_S
            errors_to_stderr(_LOGGER)
            logging.getLogger(_LOGGER).error("%s: %s", where, what)
