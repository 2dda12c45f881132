"""So many a second on average, a few at once."""


class TokenBucket:
    """Tokens are handed out ahead: who must wait for one is told how long. Times are seconds of the caller's clock."""

    def __init__(self, *, per_second: float, burst: int) -> None:
        self._per_second = per_second
        self._burst = burst
        self._tokens = float(burst)
        self._as_of = 0.0

    def take(self, now: float, *, most_wait_s: float) -> float | None:
        """Seconds to wait before going on, None where that were too many; then no token is taken."""
        if now > self._as_of:
            self._tokens = min(self._burst, self._tokens + (now - self._as_of) * self._per_second)
            self._as_of = now
        wait = max(0.0, (1 - self._tokens) / self._per_second)
        if wait > most_wait_s:
            return None
        self._tokens -= 1
        return wait
