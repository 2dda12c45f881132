"""What the lookup engine has done so far."""

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
    """How long the last request took, its retries included."""


@dataclass(slots=True)
class FaultLog:
    """One line a minute for each place and type of error. The error's own text is left out: it may hold a value.

    The lines go to the process's standard error: the event loop's thread must not reach Java's log
    (:mod:`common.log_bridge`).
    """

    _next: dict[tuple[str, str], float] = field(default_factory=dict)

    def note(self, where: str, what: str) -> None:
        now = time.monotonic()
        if now >= self._next.get((where, what), 0.0):
            self._next[where, what] = now + _AGAIN_S
            errors_to_stderr(_LOGGER)
            logging.getLogger(_LOGGER).error("%s: %s", where, what)
