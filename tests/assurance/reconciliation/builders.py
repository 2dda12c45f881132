"""Raw and observed records for the ledger's tests."""

from hashlib import sha256

from assurance.reconciliation.reading.records import ObservedRecord, RawRecord
from contracts.topics import ANALYTICS, FAILED, LATE, SUPPRESSED


def raw(event_id: str | None, variant: int = 0, *, event_name: str | None = None) -> RawRecord:
    """A raw record. Equal arguments give equal payloads; another ``variant`` gives another payload of the same id."""
    digest = sha256(f"{event_id}/{variant}/{event_name}".encode()).digest()
    return RawRecord(sha256=digest, event_id=event_id, timestamp_ms=0, event_name=event_name)


def enriched(record: RawRecord, topic: str = ANALYTICS.name, *, ns: int = 0) -> ObservedRecord:
    return ObservedRecord(topic=topic, event_id=record.event_id, received_ns=ns)


def late(record: RawRecord) -> ObservedRecord:
    return ObservedRecord(topic=LATE.name, event_id=record.event_id, reason="up to 1 min late")


def suppressed(record: RawRecord) -> ObservedRecord:
    return ObservedRecord(
        topic=SUPPRESSED.name, event_id=record.event_id, sha256=record.sha256, reason="context.consent refused"
    )


def failed(record: RawRecord) -> ObservedRecord:
    return ObservedRecord(
        topic=FAILED.name, event_id=record.event_id, sha256=record.sha256, reason="schema actor.user_id"
    )
