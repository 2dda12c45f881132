"""Counts a sink's records for its report."""

import time
from collections import Counter

from producers.record import Kind, ProduceReport, Record


class DeliveryCounts:
    """Counts records when they are sent; a record in flight counts as delivered until it fails."""

    def __init__(self) -> None:
        self._start: float | None = None
        self._value_bytes = 0
        self._kinds: Counter[Kind] = Counter()
        self._failures: Counter[str] = Counter()

    def sent(self, record: Record) -> None:
        """Counts a record that was taken from the stream."""
        if self._start is None:
            self._start = time.perf_counter()
        self._kinds[record.kind] += 1
        self._value_bytes += len(record.value)

    def failed(self, reason: str) -> None:
        """Counts a sent record that was not delivered."""
        self._failures[reason] += 1

    def report(self) -> ProduceReport:
        """The counts, and the time since the first record."""
        return ProduceReport(
            sent=self._kinds.total(),
            value_bytes=self._value_bytes,
            seconds=time.perf_counter() - self._start if self._start else 0.0,
            kinds=dict(self._kinds),
            failures=dict(self._failures),
        )
