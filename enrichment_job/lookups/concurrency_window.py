"""How many keys may be under way: as many as the service can answer in time, found from how long it takes. Pure.

A service that works on one batch after the other takes longer the more it is asked, and what it answers too late is
work for nobody. So the window shrinks when requests take long and grows when they are quick, as TCP's does; and it is
never much wider than what was under way lately, so that a sudden load does not bury the service before its first
answer. A service that is slow however little it is asked (a distant source) gains nothing from asking less: now and
then a request goes out nearly alone, and how long that takes is what the others are measured by.
"""

import math

_SHARE = 0.5
"""Of the deadline that a request may take before the window shrinks; the rest is for waiting and for the next tick."""
_LONGER = 1.5
"""So much longer than a lone request may others take. Where that is past the deadline, only requests without an answer
say that it is too much: a service that waits for a source that hangs answers just before the deadline, always.
"""
_NO_LONGER = 1.2
_PROBE_EVERY_S = 5.0
_FORGET_S = 5.0
"""In which what was under way at the most counts half."""
_RATE_S = 1.0
"""Over which it is counted what the service answers."""
FEWEST = 16
"""Keys: few enough for any service that is of use, many enough to find out that it is quick again."""


class Window:
    """Times are seconds of the caller's clock."""

    def __init__(self, usual: int, most: int, deadline_s: float) -> None:
        """``usual`` keys is where it starts, and always tried while nothing is slow."""
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
        """How long requests take, smoothed."""

    @property
    def keys(self) -> int:
        return max(FEWEST, int(self._keys / 4 if self._is_probing else self._keys))

    @property
    def limit_s(self) -> float:
        """What a request may take."""
        limit = max(_SHARE * self._deadline_s, _LONGER * self._alone_s)
        return limit if limit < self._deadline_s else math.inf

    @property
    def _quick_s(self) -> float:
        return self._deadline_s * _SHARE / 2

    @property
    def _is_probing(self) -> bool:
        return self._probing_since < math.inf

    def answered(self, keys: int, under_way: int, sent_at: float, now: float) -> None:
        """``under_way``: keys, with these, when they were sent. Only a window that is in use can be too small."""
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
        """The request sent then is still without an answer: no need to wait for its end to see that it takes long."""
        if now - sent_at <= self.limit_s or self._is_probing:
            return
        if now >= self._probe_at:
            self._probing_since = now
        else:
            self._shrink(self._to_rate(0.9, now), sent_at, now)

    def failed(self, sent_at: float, now: float) -> None:
        """No answer, or that of a service that cannot now."""
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
        """Down to what the service has answered lately, in the time that a request may take; by the factor at least."""
        rate = self._rate * math.exp(-(now - self._answered_at) / _RATE_S)
        return min(most, max(0.25, rate * self._deadline_s * _SHARE / self._keys))

    def _shrink(self, factor: float, sent_at: float, now: float) -> None:
        """Once for all requests that were under way together."""
        if sent_at >= self._shrunk_at:
            self._shrunk_at = now
            self._keys = max(float(FEWEST), self._keys * factor)
