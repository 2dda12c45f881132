"""Events that are not enriched: bad rows on the failed topic, envelopes on the late topic, tombstones on the suppressed
topic.

A bad row has Snowplow's shape (schema, failure, payload, processor). ``payload.sha256`` identifies the raw record, also
where no id can be read from it. Messages name fields, never their values. The payload is sealed or left out; it is
never readable.
"""

from typing import Literal

import msgspec

FAILED_SCHEMA: Literal["clickstream.failed/1"] = "clickstream.failed/1"
LATE_SCHEMA: Literal["clickstream.late/1"] = "clickstream.late/1"
SUPPRESSED_SCHEMA: Literal["clickstream.suppressed/1"] = "clickstream.suppressed/1"

FailureType = Literal["size", "encoding", "json", "schema", "enrichment", "internal", "suppressed"]
"""size: empty or over the limit; encoding: not UTF-8; json: not JSON; schema: a field is missing or wrong;
enrichment: a required enrichment could not be had in time; internal: the job has a bug that this record meets;
suppressed: written by earlier versions only, which had no topic for the tombstones of those who have opted out."""
OptOutField = Literal["context.consent", "actor.user_id", "actor.domain_userid"]
"""The field by which it is known that the subject does not consent."""
OptOutReason = Literal["refused", "opted_out"]
"""refused: the event's own flag says so; opted_out: the account or browser is in the opt-out store."""
Stage = Literal["parse", "validate", "consent", "enrich"]


class Failure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    type: FailureType
    stage: Stage
    message: str
    field: str | None = None
    """Path of the field at fault, such as ``actor.user_id``; ``$`` is the record itself."""


class Payload(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The raw record, in a form that only the holder of a key can read, or its identity alone."""

    sha256: str
    size: int
    envelope: str | None = None
    """``<key id>.<base64url of nonce, ciphertext and tag>``, AES-GCM; absent where payloads are scrubbed."""
    truncated: bool = False
    """The envelope holds the first ``MAX_BYTES`` bytes only."""


class Processor(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    version: str


class FailedEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    schema: Literal["clickstream.failed/1"]
    failure: Failure
    payload: Payload
    processor: Processor
    collector_tstamp: int
    etl_tstamp: int
    event_id: str | None = None
    """The raw event's id where a valid one can be read."""


class LateEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A valid event behind the watermark by more than the allowed lateness, sealed for reprocessing."""

    schema: Literal["clickstream.late/1"]
    event_id: str
    collector_tstamp: int
    etl_tstamp: int
    watermark_tstamp: int
    lateness_ms: int
    processor: Processor
    payload: Payload


class SuppressedEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The tombstone of an event whose subject has opted out: the purposes that need consent do not get the event. It
    holds nothing of the event's content, and keeps the ledger whole.
    """

    schema: Literal["clickstream.suppressed/1"]
    field: OptOutField
    reason: OptOutReason
    payload: Payload
    """Digest and size; never an envelope."""
    processor: Processor
    collector_tstamp: int
    etl_tstamp: int
    event_id: str
