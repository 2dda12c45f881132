"""Finds the raw event behind a pseudonym of its id: whoever holds the keys can, and nobody else."""

from collections.abc import Collection, Iterable, Sequence

import msgspec

from assurance.reconciliation.records import ObservedRecord, RawRecord
from contracts.purposes.model import EVENT_ID
from contracts.topics import RAW
from core.privacy.key_ring import EpochKey
from core.privacy.pseudonyms import epoch_at, pseudonym


def with_raw_ids(
    receipts: Iterable[ObservedRecord], raw: Iterable[RawRecord], topics: Collection[str], epochs: Sequence[EpochKey]
) -> list[ObservedRecord]:
    """The receipts with the raw events' ids in those topics; a pseudonym of no raw event stays as it is.

    Memory: one pseudonym for each raw record, two around a change of keys.
    """
    ids = {
        pseudonym(epoch, EVENT_ID, record.event_id): record.event_id
        for record in raw
        if record.event_id is not None
        for epoch in _epochs_of(record, epochs)
    }
    return [
        msgspec.structs.replace(receipt, event_id=ids.get(receipt.event_id or "", receipt.event_id))
        if receipt.topic in topics
        else receipt
        for receipt in receipts
    ]


def _epochs_of(record: RawRecord, epochs: Sequence[EpochKey]) -> Sequence[EpochKey]:
    """Those whose key the job may have taken: its time of a record is the timestamp, but the moment of reading where
    that is ahead of the job's clock, by a minute at most, or where there is none.
    """
    if record.timestamp_ms < 0:
        return epochs
    latest = epoch_at(epochs, record.timestamp_ms)
    earliest = epoch_at(epochs, record.timestamp_ms - RAW.max_ahead_ms)
    return (latest,) if latest is earliest else (earliest, latest)
