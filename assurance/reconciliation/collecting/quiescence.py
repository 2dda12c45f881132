"""Decides when the outputs have come to rest: complete and quiet for a moment, or without a new record for too long."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from contracts.topics import OUTCOMES

Counts: TypeAlias = Mapping[str, int]
"""Topic → number of records."""

QUIET_S = 1.0
"""How long a complete output is watched for surplus records."""


def complete(counts: Counts, raw: int, enriched: Sequence[str]) -> bool:
    """Whether each ``enriched`` topic, together with the late, failed and suppressed ones, has ``raw`` records."""
    not_enriched = sum(counts.get(topic.name, 0) for topic in OUTCOMES)
    return all(counts.get(topic, 0) + not_enriched >= raw for topic in enriched)


class Quiescence:
    """Called with the present counts again and again. Times are seconds of any monotonic clock."""

    def __init__(self, raw: int, enriched: Sequence[str], *, idle_s: float, now: float) -> None:
        """``idle_s``: give up on an incomplete output after this many seconds without a new record."""
        self._raw = raw
        self._enriched = enriched
        self._idle_s = idle_s
        self._total = 0
        self._changed_at = now

    def reached(self, counts: Counts, now: float) -> bool:
        total = sum(counts.values())
        if total != self._total:
            self._total, self._changed_at = total, now
        wait_s = self._idle_s
        if complete(counts, self._raw, self._enriched):
            wait_s = min(QUIET_S, wait_s)
        return now - self._changed_at >= wait_s
