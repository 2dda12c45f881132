"""Finds the raw event behind a pseudonym of its id: whoever holds the keys can, and nobody else."""

from collections.abc import Collection, Iterable, Sequence

import msgspec

from enrichment_job.privacy.key_ring import EpochKey
from enrichment_job.privacy.pseudonyms import event_pseudonym
from ledger.records import RawRecord, Receipt


def with_raw_ids(
    receipts: Iterable[Receipt], raw: Iterable[RawRecord], topics: Collection[str], epochs: Sequence[EpochKey]
) -> list[Receipt]:
    """The receipts with the raw events' ids in those topics; a pseudonym of no raw event stays as it is.

    Memory: one pseudonym for each raw record.
    """
    ids = {
        event_pseudonym(epochs, record.event_id, record.timestamp_ms): record.event_id
        for record in raw
        if record.event_id is not None
    }
    return [
        msgspec.structs.replace(receipt, event_id=ids.get(receipt.event_id or "", receipt.event_id))
        if receipt.topic in topics
        else receipt
        for receipt in receipts
    ]
