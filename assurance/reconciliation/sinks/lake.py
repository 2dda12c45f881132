"""Compares a lake with what was enriched: it must have each event of a purpose's topic as often as the topic has it."""

from collections.abc import Collection

from assurance.reconciliation.sinks.comparison import EventIds, SinkReport, compare_sink
from contracts.fixed_topics import enriched_name
from lake.count import event_ids
from lake.store import LakeStore


def compare_lake(lake: LakeStore, enriched: EventIds, purposes: Collection[str] = ()) -> SinkReport:
    """Reads the event ids of the whole lake into memory.

    :param enriched: as :attr:`assurance.reconciliation.audit.Audit.enriched`.
    :param purposes: the purposes that the lake holds, by default all.
    """
    found = {enriched_name(purpose): ids for purpose, ids in event_ids(lake).items()}
    held_topics = {enriched_name(purpose) for purpose in purposes} or set(enriched)
    return compare_sink("lake", found, {topic: ids for topic, ids in enriched.items() if topic in held_topics})
