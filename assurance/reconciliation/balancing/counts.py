"""Multisets that the balance works with: the outputs by identity, and the discrepancies that it finds."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from assurance.reconciliation.reading.identity import SUPPRESSED as FORMERLY_SUPPRESSED
from assurance.reconciliation.reading.identity import UNREADABLE
from assurance.reconciliation.reading.records import ObservedRecord
from contracts.topics import FAILED, LATE, SUPPRESSED

LIMIT = 20
"""The most ids in a list of discrepancies. Their counts are always complete."""


@dataclass(frozen=True)
class OutputCounts:
    """Multisets of outputs. The key ``None`` stands for records without a readable identity."""

    enriched: dict[str, Counter[str | None]] = field(default_factory=dict)
    """Topic → count by event id."""
    late: Counter[str | None] = field(default_factory=Counter)
    """By event id."""
    failed: Counter[bytes | None] = field(default_factory=Counter)
    """By digest of the raw record."""
    suppressed: Counter[bytes | None] = field(default_factory=Counter)
    """Tombstones of events whose subjects have opted out, by digest of the raw record."""
    suppressed_reasons: Counter[str] = field(default_factory=Counter)
    late_reasons: Counter[str] = field(default_factory=Counter)
    failed_reasons: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, outputs: Iterable[ObservedRecord]) -> "OutputCounts":
        counts = cls()
        for output in outputs:
            if output.topic == SUPPRESSED.name or output.reason == FORMERLY_SUPPRESSED:
                counts.suppressed[output.sha256] += 1
                counts.suppressed_reasons[output.reason or UNREADABLE] += 1
            elif output.topic == FAILED.name:
                counts.failed[output.sha256] += 1
                counts.failed_reasons[output.reason or UNREADABLE] += 1
            elif output.topic == LATE.name:
                counts.late[output.event_id] += 1
                counts.late_reasons[output.reason or UNREADABLE] += 1
            else:
                counts.enriched.setdefault(output.topic, Counter())[output.event_id] += 1
        return counts


def count_notes(outputs: Iterable[ObservedRecord], kind: str) -> dict[str, int]:
    """Note of that kind, without the kind's name → the number of events that have it, the most frequent first.

    The same event is in several topics, and the policy may remove a field from some of them. Each note of an event
    therefore counts as often as in the topic that has it most often.
    """
    by_topic: dict[str, Counter[tuple[str | None, str]]] = {}
    for output in outputs:
        for note in output.notes:
            name, _, rest = note.partition(" ")
            if name == kind:
                by_topic.setdefault(output.topic, Counter())[output.event_id, rest] += 1
    largest: Counter[tuple[str | None, str]] = Counter()
    for counts in by_topic.values():
        largest |= counts
    totals: Counter[str] = Counter()
    for (_, rest), count in largest.items():
        totals[rest] += count
    return dict(totals.most_common())


class Discrepancies:
    """Missing, duplicate and unexpected outcomes by the record's name. Counts below 1 are ignored."""

    def __init__(self, known_ids: Iterable[str]) -> None:
        """``known_ids``: surplus outcomes of these event ids are duplicates, of others unexpected."""
        self._known = frozenset(known_ids)
        self.missing: Counter[str] = Counter()
        self.duplicates: Counter[str] = Counter()
        self.unexpected: Counter[str] = Counter()

    def add_missing(self, event_id: str | None, count: int, digest: bytes | None = None) -> None:
        """``count`` expected outcomes do not exist."""
        if count > 0:
            self.missing[_name(event_id, digest)] += count

    def add_surplus(self, event_id: str | None, count: int, digest: bytes | None = None) -> None:
        """``count`` outcomes too many: duplicates of a known record, else unexpected. A given digest is known."""
        if digest is None and event_id not in self._known:
            self.add_unexpected(event_id, count)
        elif count > 0:
            self.duplicates[_name(event_id, digest)] += count

    def add_unexpected(self, event_id: str | None, count: int, digest: bytes | None = None) -> None:
        """``count`` outcomes belong to no raw record."""
        if count > 0:
            self.unexpected[_name(event_id, digest)] += count

    @staticmethod
    def first_ids(discrepancies: Counter[str]) -> list[str]:
        """The first :data:`LIMIT` names."""
        return list(islice(discrepancies, LIMIT))


def _name(event_id: str | None, digest: bytes | None) -> str:
    if event_id is not None:
        return event_id
    return "(no identity)" if digest is None else f"sha256:{digest.hex()[:16]}"
