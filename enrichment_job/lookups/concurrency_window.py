"""The concurrency window: how many keys may be under way, so that the service can answer them in time. Pure.

A service that works on one batch after the other takes longer the more keys it gets, and a result that comes too late
is of no use. So the window shrinks when requests take long and grows when they are quick, as TCP's does. It is never
much wider than what was under way lately, so that a sudden load does not overload the service before its first
response. A service may also be slow however few keys it gets, for example because its source is distant; a smaller
window does not help then. Therefore a request goes out nearly alone now and then, and the others are compared with the
time that it takes.
"""

import math

_SHARE = 0.5
"""The part of the deadline that a request may take before the window shrinks. The rest is for the wait before it and
for the tick after it."""
_LONGER = 1.5
"""Requests may take so many times the time of a lone request. Where that is past the deadline, only requests without a
response shrink the window: a service whose source hangs always responds just before the deadline.
"""
_NO_LONGER = 1.2
_PROBE_EVERY_S = 5.0
_FORGET_S = 5.0
"""The half-life of the largest number of keys that were under way."""
_RATE_S = 1.0
"""The time over which the service's rate of results is averaged."""
FEWEST = 16
"""The smallest window, in keys: few enough for any service that is of use, enough to notice that it is quick again."""


class ConcurrencyWindow:
    """Times are seconds of the caller's clock, sizes are keys."""

    def __init__(self, usual: int, most: int, deadline_s: float) -> None:
        """
        :param usual: the size at the start, and at the least while no request is slow.
        :param most: the largest size.
        """
        self._usual = float(max(usual, 4 * FEWEST))
        self._most = max(most, self._usual)
        self._keys = self._usual
        self._deadline_s = deadline_s
        self._alone_s = math.inf
        self._probe_at = 0.0
        self._probing_since = math.inf
        self._shrunk_at = -math.inf
        self._peak = self._rate = 0.0
        self._answered_at = 0.0
        self.took_s = 0.0
        """How long requests take, smoothed exponentially."""

    @property
    def keys(self) -> int:
        return max(FEWEST, int(self._keys / 4 if self._is_probing else self._keys))

    @property
    def limit_s(self) -> float:
        """How long a request may take before the window shrinks."""
        limit = max(_SHARE * self._deadline_s, _LONGER * self._alone_s)
        return limit if limit < self._deadline_s else math.inf

    @property
    def _quick_s(self) -> float:
        return self._deadline_s * _SHARE / 2

    @property
    def _is_probing(self) -> bool:
        return self._probing_since < math.inf

    def answered(self, keys: int, under_way: int, sent_at: float, now: float) -> None:
        """A request with ``keys`` was sent at ``sent_at`` and answered at ``now``.

        :param under_way: how many keys were under way when it was sent, its own included. The window grows only where
            most of it was in use.
        """
        took = now - sent_at
        self._measure(took, sent_at, now)
        since = now - self._answered_at
        self._answered_at = now
        self._rate = self._rate * math.exp(-since / _RATE_S) + keys / _RATE_S
        self._peak *= 0.5 ** (since / _FORGET_S)
        if took > self.limit_s:
            if not self._is_probing:
                self._shrink(max(0.5, self.limit_s / took), sent_at, now)
            return
        self._peak = max(float(under_way), self._peak)
        if under_way * 4 >= self._keys * 3:
            is_quick = took < max(self._quick_s, self._alone_s * _NO_LONGER)
            self._keys = min(self._most, self._keys + keys * (1.0 if is_quick else 0.1))
        else:
            self._keys = min(self._keys, max(self._usual, self._peak * 2))

    def waiting(self, sent_at: float, now: float) -> None:
        """The request sent at ``sent_at`` has no response yet. The window shrinks as soon as that takes too long."""
        if now - sent_at <= self.limit_s or self._is_probing:
            return
        if now >= self._probe_at:
            self._probing_since = now
        else:
            self._shrink(self._to_rate(0.9, now), sent_at, now)

    def failed(self, sent_at: float, now: float) -> None:
        """The request sent at ``sent_at`` had no response, or one that says that the service cannot answer now."""
        if sent_at >= self._probing_since:
            self._probing_since = math.inf
        self._shrink(self._to_rate(0.5, now), sent_at, now)

    def _measure(self, took: float, sent_at: float, now: float) -> None:
        self.took_s += 0.2 * (took - self.took_s)
        if sent_at >= self._probing_since:
            self._alone_s, self._probing_since = took, math.inf
            self._probe_at = now + _PROBE_EVERY_S
        self._alone_s = min(self._alone_s, took)
        if took > self._quick_s and now >= self._probe_at and not self._is_probing:
            self._probing_since = now

    def _to_rate(self, most: float, now: float) -> float:
        """The factor that shrinks the window to what the service has answered lately, in the time that a request may
        take; ``most`` at most, and not below a quarter.
        """
        rate = self._rate * math.exp(-(now - self._answered_at) / _RATE_S)
        return min(most, max(0.25, rate * self._deadline_s * _SHARE / self._keys))

    def _shrink(self, factor: float, sent_at: float, now: float) -> None:
        """Only once for all requests that were under way together."""
        if sent_at >= self._shrunk_at:
            self._shrunk_at = now
            self._keys = max(float(FEWEST), self._keys * factor)
