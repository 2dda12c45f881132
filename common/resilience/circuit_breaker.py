"""Circuit breaker: after a run of failed requests no more are sent for a while, then one at a time to try."""

import math
from typing import Literal

State = Literal["closed", "open", "half_open"]


class CircuitBreaker:
    """Counts consecutive failures. Times are seconds of the caller's clock, so that tests need not wait."""

    def __init__(self, failures: int, open_seconds: float) -> None:
        self._limit = failures
        self._open_seconds = open_seconds
        self._failures = 0
        self._failed_at = -math.inf
        self._open_until = 0.0
        self._probing = False

    def state(self, now: float) -> State:
        if self._failures < self._limit:
            return "closed"
        return "open" if now < self._open_until or self._probing else "half_open"

    def allow(self, now: float) -> bool:
        """Whether a request may be sent now; in the half-open state the first caller alone may."""
        state = self.state(now)
        if state == "half_open":
            self._probing = True
        return state != "open"

    def succeeded(self) -> None:
        self._failures = 0
        self._probing = False

    def failed(self, now: float, sent_at: float = math.inf) -> None:
        """With ``sent_at`` requests that were under way together count once: one pause of the service, such as a
        moment of overload, is one failure, however many requests met it.
        """
        if sent_at < self._failed_at:
            return
        self._failures += 1
        self._failed_at = now
        self._probing = False
        if self._failures >= self._limit:
            self._open_until = now + self._open_seconds
