"""Counts the records of the output topics for the live view. Pure: the caller passes the time and the records."""

from collections import Counter, deque

import msgspec

from assurance.live.outputs import OUTCOMES, PURPOSES
from contracts.events.rejected import Failure
from contracts.topics import ANALYTICS, FAILED

_EVERY_EVENT = ANALYTICS.name
"""An event is in several purposes' topics. Countries and crawlers are counted in this topic, which has all events."""
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
    """Counts since the start, and rates over the last ten seconds."""

    def __init__(self, started_s: float) -> None:
        self.started_s = started_s
        self.counts: Counter[str] = Counter()
        """By purpose, ``late``, ``failed`` and ``suppressed``."""
        self.reasons: Counter[str] = Counter()
        self.countries: Counter[str] = Counter()
        self.crawlers = 0
        self.agents = 0
        """Events that state whether a crawler sent them."""
        self.failures: deque[tuple[float, str]] = deque(maxlen=_FAILURES)
        """(time, reason), newest last. Reasons contain names of fields, never values."""
        self._latencies: deque[float] = deque(maxlen=_LATENCIES)
        self._seconds: deque[tuple[int, Counter[str]]] = deque(maxlen=WINDOW_S + 1)

    def add(self, topic: str, value: bytes, now_s: float) -> None:
        """Counts one record, seen at ``now_s`` (s since 1970 UTC). An unreadable record counts as failed."""
        outcome = OUTCOMES[topic]
        try:
            if topic == FAILED.name:
                self._add_failure(msgspec.json.decode(value, type=_Failed).failure, now_s)
            elif topic in PURPOSES:
                self._add_enriched(msgspec.json.decode(value, type=_Enriched), now_s, is_first=topic == _EVERY_EVENT)
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
        """Events per second, over the complete seconds of the window or since the start, whichever is shorter."""
        last = int(now_s)
        seen = sum(counts[outcome] for second, counts in self._seconds if last - WINDOW_S <= second < last)
        return seen / max(1.0, min(WINDOW_S, last - int(self.started_s)))

    def latency_ms(self, quantile: float) -> float | None:
        """The quantile over the latest 5,000 enriched records, from the collector's time to their receipt here."""
        if not self._latencies:
            return None
        ordered = sorted(self._latencies)
        return ordered[min(len(ordered) - 1, int(quantile * len(ordered)))]

    def crawler_share(self) -> float | None:
        """Share of the events that state it; None without such events."""
        return self.crawlers / self.agents if self.agents else None

    def _add_enriched(self, event: _Enriched, now_s: float, *, is_first: bool) -> None:
        """``is_first``: the record is from the topic in which each event is counted once."""
        self._latencies.append(now_s * 1000 - event.collector_tstamp)
        if not is_first:
            return
        self.countries[event.geo_country or "unknown"] += 1
        if event.user_agent_is_crawler is not None:
            self.agents += 1
            self.crawlers += event.user_agent_is_crawler

    def _add_failure(self, failure: Failure, now_s: float) -> None:
        reason = f"{failure.type} {failure.field}" if failure.field not in (None, "$") else failure.type
        self.reasons[reason] += 1
        self.failures.append((now_s, f"{failure.stage}: {reason}: {failure.message}"))
