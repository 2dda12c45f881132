"""Token bucket: limits a rate on average and allows short bursts."""


class TokenBucket:
    """Reserves tokens ahead of time and returns the wait. Times are seconds of any monotonic clock."""

    def __init__(self, *, per_second: float, burst: int) -> None:
        self._per_second = per_second
        self._burst = burst
        self._tokens = float(burst)
        self._as_of = 0.0

    def take(self, now: float, *, most_wait_s: float) -> float | None:
        """Takes a token and returns the seconds to wait for it. None, and no token, if that exceeds ``most_wait_s``."""
        if now > self._as_of:
            self._tokens = min(self._burst, self._tokens + (now - self._as_of) * self._per_second)
            self._as_of = now
        wait = max(0.0, (1 - self._tokens) / self._per_second)
        if wait > most_wait_s:
            return None
        self._tokens -= 1
        return wait
