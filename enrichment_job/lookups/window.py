"""How many keys may be under way: as many as the service can answer in time, found from how long it takes. Pure.

A service that works on one batch after the other takes longer the more it is asked, and what it answers too late is
work for nobody. So the window shrinks when requests take long and grows when they are quick, as TCP's does. A service
that is slow however little it is asked (a distant source) gains nothing from asking less: now and then a request goes
out nearly alone, and how long that takes is what the others are measured by.
"""

import math

_SHARE = 0.5
"""Of the deadline that a request may take before the window shrinks; the rest is for waiting and for the next tick."""
_MOST_SHARE = 0.85
"""That share where even a lone request takes long."""
_LONGER = 1.5
"""So much longer than a lone request may others take."""
_PROBE_EVERY_S = 5.0
_FEWEST = 16
"""Keys: few enough for any service that is of use, many enough to find out that it is quick again."""


class Window:
    """Times are seconds of the caller's clock. ``most`` keys is where it starts and what it never exceeds."""

    def __init__(self, most: int, deadline_s: float) -> None:
        self._most = max(most, _FEWEST)
        self._keys = float(self._most)
        self._deadline_s = deadline_s
        self._alone_s = 0.0
        self._probe_at = 0.0
        self._probing_since = math.inf
        self._shrunk_at = -math.inf

    @property
    def keys(self) -> int:
        return max(_FEWEST, int(self._keys / 4 if self._probing_since < math.inf else self._keys))

    @property
    def limit_s(self) -> float:
        """What a request may take."""
        return self._deadline_s * min(max(_SHARE, _LONGER * self._alone_s / self._deadline_s), _MOST_SHARE)

    def answered(self, keys: int, sent_at: float, now: float, *, was_full: bool) -> None:
        """``was_full``: the window held other keys back when this request was sent; only then can it be too small."""
        took = now - sent_at
        self._probe(took, sent_at, now)
        if took > self.limit_s:
            self._shrink(max(0.5, self.limit_s / took), sent_at, now)
        elif was_full:
            self._keys = min(self._most, self._keys + keys * (0.5 if took < self.limit_s / 2 else 0.1))

    def failed(self, sent_at: float, now: float) -> None:
        """No answer, or that of a service that cannot now."""
        self._shrink(0.5, sent_at, now)

    def _shrink(self, factor: float, sent_at: float, now: float) -> None:
        """Once for all requests that were under way together."""
        if sent_at >= self._shrunk_at:
            self._shrunk_at = now
            self._keys = max(_FEWEST, self._keys * factor)

    def _probe(self, took: float, sent_at: float, now: float) -> None:
        if sent_at >= self._probing_since:
            self._alone_s, self._probing_since = took, math.inf
            self._probe_at = now + _PROBE_EVERY_S
        elif took < self._alone_s or took < self._deadline_s * _SHARE / 2:
            self._alone_s = min(self._alone_s, took)
            self._probe_at = now + _PROBE_EVERY_S
        elif now >= self._probe_at:
            self._probing_since = now
