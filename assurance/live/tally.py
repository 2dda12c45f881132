"""Counts what comes out of the output topics. Pure: the clock and the records are handed in."""

from collections import Counter, deque

import msgspec

from assurance.live.outputs import OUTCOMES, PURPOSES
from contracts.events.rejected import Failure
from contracts.topics import ANALYTICS, FAILED

_WHOLE = ANALYTICS.name
"""An event is in the topic of each purpose that takes it: countries and crawlers are counted in this one."""
WINDOW_S = 10
_LATENCIES = 5_000
_FAILURES = 6


class _Enriched(msgspec.Struct, gc=False):
    collector_tstamp: int
    geo_country: str | None = None
    user_agent_is_crawler: bool | None = None


class _Failed(msgspec.Struct):
    failure: Failure


class LiveCounts:
    """Everything since the start, and rates over the last ten seconds."""

    def __init__(self, started_s: float) -> None:
        self.started_s = started_s
        self.counts: Counter[str] = Counter()
        """By purpose, ``late``, ``failed`` and ``suppressed``."""
        self.reasons: Counter[str] = Counter()
        self.countries: Counter[str] = Counter()
        self.crawlers = 0
        self.agents = 0
        """Events that say whether a crawler made them."""
        self.failures: deque[tuple[float, str]] = deque(maxlen=_FAILURES)
        """(when, reason), newest last. Reasons name fields, never their values."""
        self._latencies: deque[float] = deque(maxlen=_LATENCIES)
        self._seconds: deque[tuple[int, Counter[str]]] = deque(maxlen=WINDOW_S + 1)

    def add(self, topic: str, value: bytes, now_s: float) -> None:
        """One record, seen at ``now_s`` (seconds since 1970). What cannot be read counts as failed."""
        outcome = OUTCOMES[topic]
        try:
            if topic == FAILED.name:
                self._fail(msgspec.json.decode(value, type=_Failed).failure, now_s)
            elif topic in PURPOSES:
                self._enriched(msgspec.json.decode(value, type=_Enriched), now_s, whole=topic == _WHOLE)
        except (msgspec.DecodeError, UnicodeDecodeError):
            outcome = "failed"
            self.reasons["unreadable"] += 1
            self.failures.append((now_s, f"unreadable record in {topic}"))
        self.counts[outcome] += 1
        second = int(now_s)
        if not self._seconds or self._seconds[-1][0] != second:
            self._seconds.append((second, Counter()))
        self._seconds[-1][1][outcome] += 1

    def rate(self, outcome: str, now_s: float) -> float:
        """Events a second over the whole seconds of the window, or since the start where that is shorter."""
        last = int(now_s)
        seen = sum(counts[outcome] for second, counts in self._seconds if last - WINDOW_S <= second < last)
        return seen / max(1.0, min(WINDOW_S, last - int(self.started_s)))

    def latency_ms(self, part: float) -> float | None:
        """That quantile of the latest 5,000 enriched records, from the collector's time to being seen here."""
        if not self._latencies:
            return None
        ordered = sorted(self._latencies)
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))]

    def crawler_share(self) -> float | None:
        return self.crawlers / self.agents if self.agents else None

    def _enriched(self, event: _Enriched, now_s: float, *, whole: bool) -> None:
        self._latencies.append(now_s * 1000 - event.collector_tstamp)
        if not whole:
            return
        self.countries[event.geo_country or "unknown"] += 1
        if event.user_agent_is_crawler is not None:
            self.agents += 1
            self.crawlers += event.user_agent_is_crawler

    def _fail(self, failure: Failure, now_s: float) -> None:
        reason = f"{failure.type} {failure.field}" if failure.field not in (None, "$") else failure.type
        self.reasons[reason] += 1
        self.failures.append((now_s, f"{failure.stage}: {reason}: {failure.message}"))
