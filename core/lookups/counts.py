"""What the lookup engine has done so far."""

import logging
import time
from dataclasses import dataclass, field

from common.log_bridge import errors_to_stderr

_LOGGER = "enrichment_job.lookups"
_AGAIN_S = 60.0


@dataclass(slots=True)
class Counts:
    """Written by the loop's thread alone, but for ``keys_dropped``, which is about right."""

    batches: int = 0
    """Batches taken so far: events that ask in the same batch are answered together."""
    settled: int = 0
    """Batches answered so far: while it stands still, nobody who waits need look."""
    requests: int = 0
    keys_asked: int = 0
    keys_broken: int = 0
    """Keys whose result could not be used."""
    keys_dropped: int = 0
    """Keys not sent: their events had left, or too many waited."""
    last_request_ms: int = 0
    """How long the last request took, its retries included."""


@dataclass(slots=True)
class FaultLog:
    """One line a minute for each place and type of error, and never a word of the error itself: it may hold the value.

    To the process's standard error: the loop's thread must not reach Java's log.
    """

    _next: dict[tuple[str, str], float] = field(default_factory=dict)

    def note(self, where: str, what: str) -> None:
        now = time.monotonic()
        if now >= self._next.get((where, what), 0.0):
            self._next[where, what] = now + _AGAIN_S
            errors_to_stderr(_LOGGER)
            logging.getLogger(_LOGGER).error("%s: %s", where, what)
