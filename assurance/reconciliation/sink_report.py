"""Holds what an outlet has (a lake, a database) against what was enriched, event by event."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import TypeAlias

import msgspec

from assurance.reconciliation.discrepancies import Discrepancies
from assurance.reconciliation.output_counts import OutputCounts
from assurance.reconciliation.records import ObservedRecord

EventIds: TypeAlias = Mapping[str, Counter[str | None]]
"""Enriched topic to how often each event id is in it; None stands for what has no id."""


class SinkReport(msgspec.Struct, frozen=True, kw_only=True):
    """What an outlet has, and what it should have: numbers of rows and the first 20 ids of each fault."""

    name: str
    rows: dict[str, int]
    """By the topic they came from."""
    missing: int
    """In the topics and not here."""
    duplicates: int
    """Here more often than in the topics."""
    unexpected: int
    """Never in the topics, or no longer: rows outlive a topic's retention."""
    missing_ids: list[str]
    duplicate_ids: list[str]
    unexpected_ids: list[str]

    @property
    def balanced(self) -> bool:
        return self.missing == self.duplicates == self.unexpected == 0


def enriched(receipts: Iterable[ObservedRecord], topics: Collection[str]) -> dict[str, Counter[str | None]]:
    """The event ids that came into each of these enriched topics."""
    seen = OutputCounts.of(receipts).enriched
    return {topic: seen.get(topic, Counter()) for topic in topics}


def hold(name: str, there: EventIds, against: EventIds) -> SinkReport:
    """What is ``there`` has to be what ``against`` says, in every topic of either."""
    faults = [_faults(there.get(topic, Counter()), against.get(topic, Counter())) for topic in {**against, **there}]
    missing, duplicates, unexpected = Counter[str](), Counter[str](), Counter[str]()
    for each in faults:
        missing.update(each.missing)
        duplicates.update(each.duplicates)
        unexpected.update(each.unexpected)
    return SinkReport(
        name=name,
        rows={topic: there.get(topic, Counter()).total() for topic in {**against, **there}},
        missing=missing.total(),
        duplicates=duplicates.total(),
        unexpected=unexpected.total(),
        missing_ids=Discrepancies.first(missing),
        duplicate_ids=Discrepancies.first(duplicates),
        unexpected_ids=Discrepancies.first(unexpected),
    )


def _faults(found: Counter[str | None], wanted: Counter[str | None]) -> Discrepancies:
    faults = Discrepancies(event_id for event_id in wanted if event_id is not None)
    for event_id in {**wanted, **found}:
        faults.lack(event_id, wanted[event_id] - found[event_id])
        faults.excess(event_id, found[event_id] - wanted[event_id])
    return faults
