"""How long the last values took from ``put`` to written."""

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

_LAST = 4_096


class Percentiles(NamedTuple):
    p50: float
    p99: float


class Freshness:
    """Written by one thread and read by others."""

    def __init__(self) -> None:
        self._last: deque[float] = deque(maxlen=_LAST)

    def add(self, seconds: Iterable[float]) -> None:
        self._last.extend(seconds)

    def percentiles_ms(self) -> Percentiles:
        """Zeros without any value."""
        found = sorted(self._last.copy())
        if not found:
            return Percentiles(0.0, 0.0)
        return Percentiles(*(found[min(len(found) - 1, len(found) * part // 100)] * 1000 for part in (50, 99)))
