"""Counts outputs by identity: all the balance needs to know of them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from assurance.reconciliation.identity import SUPPRESSED as FORMERLY_SUPPRESSED
from assurance.reconciliation.identity import UNREADABLE
from assurance.reconciliation.records import ObservedRecord
from contracts.topics import FAILED, LATE, SUPPRESSED


@dataclass(frozen=True)
class OutputCounts:
    """Multisets of outputs. ``None`` stands for records without a readable identity."""

    enriched: dict[str, Counter[str | None]] = field(default_factory=dict)
    """Per topic, by event id."""
    late: Counter[str | None] = field(default_factory=Counter)
    failed: Counter[bytes | None] = field(default_factory=Counter)
    """By digest."""
    suppressed: Counter[bytes | None] = field(default_factory=Counter)
    """Tombstones of events whose subjects have opted out, by digest."""
    suppressed_reasons: Counter[str] = field(default_factory=Counter)
    late_reasons: Counter[str] = field(default_factory=Counter)
    failed_reasons: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, outputs: Iterable[ObservedRecord]) -> "OutputCounts":
        tally = cls()
        for output in outputs:
            if output.topic == SUPPRESSED.name or output.reason == FORMERLY_SUPPRESSED:
                tally.suppressed[output.sha256] += 1
                tally.suppressed_reasons[output.reason or UNREADABLE] += 1
            elif output.topic == FAILED.name:
                tally.failed[output.sha256] += 1
                tally.failed_reasons[output.reason or UNREADABLE] += 1
            elif output.topic == LATE.name:
                tally.late[output.event_id] += 1
                tally.late_reasons[output.reason or UNREADABLE] += 1
            else:
                tally.enriched.setdefault(output.topic, Counter())[output.event_id] += 1
        return tally
