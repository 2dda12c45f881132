"""Circuit breaker: after several failures in a row it blocks requests for a while, then allows single probes."""

import math
from typing import Literal

State = Literal["closed", "open", "half_open"]


class CircuitBreaker:
    """Counts consecutive failures. Times are seconds of any monotonic clock that the caller passes."""

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
        """Whether a request may be sent now. In the half-open state only the first caller gets True."""
        state = self.state(now)
        if state == "half_open":
            self._probing = True
        return state != "open"

    def succeeded(self) -> None:
        self._failures = 0
        self._probing = False

    def failed(self, now: float, sent_at: float = math.inf) -> None:
        """Records a failure. With ``sent_at``, requests that were in flight at the same time count as one failure, so
        that one short pause of the service does not open the breaker.
        """
        if sent_at < self._failed_at:
            return
        self._failures += 1
        self._failed_at = now
        self._probing = False
        if self._failures >= self._limit:
            self._open_until = now + self._open_seconds
