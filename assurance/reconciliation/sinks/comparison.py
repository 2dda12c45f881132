"""Compares what a sink holds (a lake, a database) with what was enriched, event by event."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import TypeAlias

import msgspec

from assurance.reconciliation.balancing.counts import Discrepancies, OutputCounts
from assurance.reconciliation.reading.records import ObservedRecord

EventIds: TypeAlias = Mapping[str, Counter[str | None]]
"""Enriched topic → how often each event id is in it; None stands for records without an id."""


class SinkReport(msgspec.Struct, frozen=True, kw_only=True):
    """How a sink differs from the enriched topics: numbers of rows, and the first 20 ids of each kind."""

    name: str
    rows: dict[str, int]
    """Enriched topic → rows that came from it."""
    missing: int
    """In the topics and not in the sink."""
    duplicates: int
    """More often in the sink than in the topics."""
    unexpected: int
    """Not in the topics, or no longer: rows outlive a topic's retention."""
    missing_ids: list[str]
    duplicate_ids: list[str]
    unexpected_ids: list[str]

    @property
    def balanced(self) -> bool:
        return self.missing == self.duplicates == self.unexpected == 0


def enriched_ids(observed: Iterable[ObservedRecord], topics: Collection[str]) -> dict[str, Counter[str | None]]:
    """The event ids that were observed in each of these enriched topics."""
    seen = OutputCounts.of(observed).enriched
    return {topic: seen.get(topic, Counter()) for topic in topics}


def compare_sink(name: str, found: EventIds, expected: EventIds) -> SinkReport:
    """Compares ``found``, what the sink holds, with ``expected``, topic by topic."""
    topics = {**expected, **found}
    missing, duplicates, unexpected = Counter[str](), Counter[str](), Counter[str]()
    for topic in topics:
        differing = _discrepancies(found.get(topic, Counter()), expected.get(topic, Counter()))
        missing.update(differing.missing)
        duplicates.update(differing.duplicates)
        unexpected.update(differing.unexpected)
    return SinkReport(
        name=name,
        rows={topic: found.get(topic, Counter()).total() for topic in topics},
        missing=missing.total(),
        duplicates=duplicates.total(),
        unexpected=unexpected.total(),
        missing_ids=Discrepancies.first_ids(missing),
        duplicate_ids=Discrepancies.first_ids(duplicates),
        unexpected_ids=Discrepancies.first_ids(unexpected),
    )


def _discrepancies(found: Counter[str | None], expected: Counter[str | None]) -> Discrepancies:
    differing = Discrepancies(event_id for event_id in expected if event_id is not None)
    for event_id in {**expected, **found}:
        differing.add_missing(event_id, expected[event_id] - found[event_id])
        differing.add_surplus(event_id, found[event_id] - expected[event_id])
    return differing
