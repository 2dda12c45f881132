"""A lake held against what was enriched: each event of a purpose's topic has to be there, as often as in the topic."""

from collections.abc import Collection

from assurance.reconciliation.sink_report import EventIds, SinkReport, hold
from contracts.fixed_topics import enriched_name
from lake.count import event_ids
from lake.store import LakeStore


def held(lake: LakeStore, enriched: EventIds, purposes: Collection[str] = ()) -> SinkReport:
    """``enriched``: as :attr:`assurance.reconciliation.audit.Audit.enriched`.

    ``purposes``: those that the lake has, by default all.
    """
    there = {enriched_name(purpose): ids for purpose, ids in event_ids(lake).items()}
    wanted = {enriched_name(purpose) for purpose in purposes} or set(enriched)
    return hold("lake", there, {topic: ids for topic, ids in enriched.items() if topic in wanted})
