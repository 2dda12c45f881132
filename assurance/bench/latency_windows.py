"""What a consumer saw of a stream, as percentiles of latency and as time until they are steady. Pure.

Times of receipt are ns, times of sending ms since 1970 UTC, the resolution of Kafka's timestamps: a latency is up to
1 ms too long.
"""

import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from assurance.reconciliation.reporting.latency import Percentiles, percentiles

HOLD_S = 10.0
"""How long the latency must stay below the limit to count as recovered."""
_NS = 1_000_000_000


@dataclass(frozen=True)
class Seen:
    """One entry for each record, in the order of receipt: when it was received, and when it was sent."""

    received_ns: Sequence[int]
    sent_ms: Sequence[int]

    def sent_between(self, from_ns: int, until_ns: int) -> Percentiles:
        """Latency of the records that were sent in ``[from_ns, until_ns)``."""
        return percentiles(
            at - sent * 1_000_000
            for at, sent in zip(self.received_ns, self.sent_ms, strict=True)
            if from_ns <= sent * 1_000_000 < until_ns
        )


@dataclass(frozen=True)
class Window:
    """Latency of the records that were received within some seconds. Without any record, its percentiles are None."""

    begin_s: float
    end_s: float
    latency_ms: Percentiles


def windows(seen: Seen, from_ns: int, until_ns: int, width_s: float) -> list[Window]:
    """All windows of that width which end by ``until_ns``, also the empty ones; ``from_ns`` is their second 0."""
    width_ns = round(width_s * _NS)
    found: defaultdict[int, list[int]] = defaultdict(list)
    for at, sent in zip(seen.received_ns, seen.sent_ms, strict=True):
        if at >= from_ns:
            found[(at - from_ns) // width_ns].append(at - sent * 1_000_000)
    count = max(0, until_ns - from_ns) // width_ns
    return [Window(number * width_s, (number + 1) * width_s, percentiles(found[number])) for number in range(count)]


def steady_from_s(recorded: Sequence[Window]) -> float:
    """Begin of the last third of the time, in seconds."""
    last = _last_third(recorded)
    return last[0].begin_s if last else 0.0


def steady_p99(recorded: Sequence[Window]) -> float | None:
    """Median of the windows' p99 in the last third of the time, ms. None if no record came in it."""
    known = [each.latency_ms.p99 for each in _last_third(recorded) if each.latency_ms.p99 is not None]
    return statistics.median_low(known) if known else None


def recovery_s(recorded: Sequence[Window], limit_ms: float, hold_s: float = HOLD_S) -> float | None:
    """Seconds until the p99 is below the limit and stays there for ``hold_s``; None: it never does.

    A window without a record is above any limit: nothing became visible in it.
    """
    begin: float | None = None
    for window in recorded:
        if not _is_below(window, limit_ms):
            begin = None
            continue
        begin = window.begin_s if begin is None else begin
        if window.end_s - begin >= hold_s:
            return begin
    return None


def last_above_s(recorded: Sequence[Window], limit_ms: float) -> float:
    """End of the last window whose p99 was not below the limit, in seconds; 0 where there was no such window."""
    above = [window.end_s for window in recorded if not _is_below(window, limit_ms)]
    return above[-1] if above else 0.0


def first_below_s(recorded: Sequence[Window], limit_ms: float) -> float | None:
    """Begin of the first window whose median was below the limit, in seconds; None: there was no such window."""
    for window in recorded:
        if window.latency_ms.p50 is not None and window.latency_ms.p50 < limit_ms:
            return window.begin_s
    return None


def _last_third(recorded: Sequence[Window]) -> Sequence[Window]:
    return recorded[len(recorded) * 2 // 3 :]


def _is_below(window: Window, limit_ms: float) -> bool:
    return window.latency_ms.p99 is not None and window.latency_ms.p99 < limit_ms
