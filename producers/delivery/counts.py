"""Counts what a sink takes, for its report."""

import time
from collections import Counter

from producers.delivery.record import Kind, ProduceReport, Record


class DeliveryCounts:
    """Counts records as they are taken; what is still on its way counts as delivered until it fails."""

    def __init__(self) -> None:
        self._start: float | None = None
        self._value_bytes = 0
        self._kinds: Counter[Kind] = Counter()
        self._failures: Counter[str] = Counter()

    def sent(self, record: Record) -> None:
        """One more record was taken."""
        if self._start is None:
            self._start = time.perf_counter()
        self._kinds[record.kind] += 1
        self._value_bytes += len(record.value)

    def failed(self, reason: str) -> None:
        """One of the records taken did not arrive."""
        self._failures[reason] += 1

    def report(self) -> ProduceReport:
        """What was counted, and the time since the first."""
        return ProduceReport(
            sent=self._kinds.total(),
            value_bytes=self._value_bytes,
            seconds=time.perf_counter() - self._start if self._start else 0.0,
            kinds=dict(self._kinds),
            failures=dict(self._failures),
        )
