"""Says when outputs have come to rest: all there and quiet for a moment, or nothing new for too long."""

from collections.abc import Mapping, Sequence

from contracts.topics import OUTCOMES

Counts = Mapping[str, int]
"""Records per topic."""

QUIET_S = 1.0
"""How long a complete output is watched for records too many."""


def complete(counts: Counts, raw: int, enriched: Sequence[str]) -> bool:
    """Whether every purpose's outcomes (enriched, or else) are at least as many as the raw records."""
    elsewhere = sum(counts.get(topic.name, 0) for topic in OUTCOMES)
    return all(counts.get(topic, 0) + elsewhere >= raw for topic in enriched)


class Quiescence:
    """Fed with the counts now and then; times are seconds on any clock that does not go back."""

    def __init__(self, raw: int, enriched: Sequence[str], *, idle_s: float, now: float) -> None:
        self._raw = raw
        self._enriched = enriched
        self._idle_s = idle_s
        self._total = 0
        self._changed = now

    def settled(self, counts: Counts, now: float) -> bool:
        total = sum(counts.values())
        if total != self._total:
            self._total, self._changed = total, now
        patience = self._idle_s
        if complete(counts, self._raw, self._enriched):
            patience = min(QUIET_S, patience)
        return now - self._changed >= patience
