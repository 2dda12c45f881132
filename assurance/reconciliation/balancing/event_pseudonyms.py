"""Finds the raw event behind a pseudonym of its event id. Only a holder of the keys can do this."""

from collections.abc import Collection, Iterable, Sequence

import msgspec

from assurance.reconciliation.reading.records import ObservedRecord, RawRecord
from contracts.purposes.model import EVENT_ID
from contracts.topics import RAW
from core.privacy.key_ring import EpochKey
from core.privacy.pseudonyms import epoch_at, pseudonym


def with_raw_ids(
    observed: Iterable[ObservedRecord], raw: Iterable[RawRecord], topics: Collection[str], epochs: Sequence[EpochKey]
) -> list[ObservedRecord]:
    """The observed records; those of ``topics`` with raw event ids in place of pseudonyms.

    A pseudonym that belongs to no raw event stays as it is, so the balance reports it as unexpected.
    Memory: one pseudonym for each raw record, two for records around a change of keys.
    """
    ids = {
        pseudonym(epoch, EVENT_ID, record.event_id): record.event_id
        for record in raw
        if record.event_id is not None
        for epoch in _epochs_of(record, epochs)
    }
    return [
        msgspec.structs.replace(record, event_id=ids.get(record.event_id or "", record.event_id))
        if record.topic in topics
        else record
        for record in observed
    ]


def _epochs_of(record: RawRecord, epochs: Sequence[EpochKey]) -> Sequence[EpochKey]:
    """The epochs whose key the job may have used for this record.

    The job takes the epoch of the record's timestamp. If the timestamp is ahead of the job's clock (the raw topic
    allows one minute), or missing, the job takes the epoch of the moment at which it reads the record.
    """
    if record.timestamp_ms < 0:
        return epochs
    latest = epoch_at(epochs, record.timestamp_ms)
    earliest = epoch_at(epochs, record.timestamp_ms - RAW.max_ahead_ms)
    return (latest,) if latest is earliest else (earliest, latest)
