"""What the audit keeps of a record: its identity, never its content."""

import msgspec


class RawRecord(msgspec.Struct, frozen=True, gc=False):
    """One record of the raw topic. Equal payloads have equal digests, and so equal ids."""

    sha256: bytes
    """Digest of the payload, 32 bytes; the digest of nothing where the record has no value."""
    event_id: str | None
    """The event's id, where the payload is JSON and has one."""
    timestamp_ms: int
    """The Kafka record's timestamp."""
    event_name: str | None = None


class ObservedRecord(msgspec.Struct, frozen=True, gc=False):
    """One record of an output topic, as a consumer received it."""

    topic: str
    event_id: str | None
    """None where the record carries none, or cannot be read."""
    sha256: bytes | None = None
    """Digest of the raw record; failed and suppressed events only."""
    reason: str | None = None
    """Why it is late, failed or suppressed, such as ``schema actor.user_id``."""
    key: str | None = None
    notes: tuple[str, ...] = ()
    """Enriched events only: see :mod:`assurance.reconciliation.notes`."""
    receipt_ns: int = 0
    """Nanoseconds since 1970, when the batch it came in was received."""
