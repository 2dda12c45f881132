"""What the audit keeps of a record: its identity, never its content."""

import msgspec


class RawRecord(msgspec.Struct, frozen=True, gc=False):
    """One record of the raw topic. Equal payloads have equal digests, and so equal event ids."""

    sha256: bytes
    """Digest of the payload, 32 bytes. A record without a value has the digest of the empty text."""
    event_id: str | None
    """The event's id, if the payload is JSON and has one."""
    timestamp_ms: int
    """The Kafka record's timestamp, ms since 1970 UTC."""
    event_name: str | None = None


class ObservedRecord(msgspec.Struct, frozen=True, gc=False):
    """One record of an output topic, as a consumer received it."""

    topic: str
    event_id: str | None
    """None if the record carries no id or is unreadable."""
    sha256: bytes | None = None
    """Digest of the raw record; failed and suppressed events only."""
    reason: str | None = None
    """Why the event is late, failed or suppressed, such as ``schema actor.user_id``."""
    key: str | None = None
    notes: tuple[str, ...] = ()
    """Enriched events only: see :mod:`assurance.reconciliation.reading.notes`."""
    received_ns: int = 0
    """When the consumer received the record's batch, nanoseconds since 1970 UTC."""
