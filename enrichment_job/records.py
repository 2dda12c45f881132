"""Output records: what leaves the job for Kafka, and the bad rows and late envelopes among it. Pure."""

import base64
import hashlib

import msgspec

from contracts import topics
from contracts.raw_event import MAX_BYTES
from contracts.rejected_event import FAILED_SCHEMA, LATE_SCHEMA, FailedEvent, Failure, LateEvent, Payload, Processor
from enrichment_job import NAME, VERSION
from enrichment_job.decode import readable_event_id
from enrichment_job.outcome import Prepared, Rejected

OutputRecord = tuple[str, bytes | None, bytes, int]
"""(topic, key, value, timestamp in ms): one Kafka record."""

_PROCESSOR = Processor(name=NAME, version=VERSION)
_encode = msgspec.json.Encoder().encode


def enriched_record(topic: str, event: Prepared, value: bytes) -> OutputRecord:
    return topic, event.kafka_key, value, event.collector_tstamp


def failed_record(raw: bytes, reason: Rejected, collector_tstamp: int, etl_tstamp: int) -> OutputRecord:
    """The bad row of a rejected record, with its payload for reprocessing."""
    row = FailedEvent(
        schema=FAILED_SCHEMA,
        failure=Failure(type=reason.type, stage=reason.stage, message=reason.message, field=reason.field),
        payload=_payload(raw),
        processor=_PROCESSOR,
        collector_tstamp=collector_tstamp,
        etl_tstamp=etl_tstamp,
        event_id=readable_event_id(raw),
    )
    return topics.FAILED.name, None, _encode(row), collector_tstamp


def late_record(event: Prepared, watermark: int) -> OutputRecord:
    """The envelope of a valid event that came too late, with the raw event in it."""
    row = LateEvent(
        schema=LATE_SCHEMA,
        event_id=event.event_id,
        collector_tstamp=event.collector_tstamp,
        etl_tstamp=event.etl_tstamp,
        watermark_tstamp=watermark,
        lateness_ms=watermark - event.collector_tstamp,
        processor=_PROCESSOR,
        payload=msgspec.Raw(event.raw),
    )
    return topics.LATE.name, event.kafka_key, _encode(row), event.collector_tstamp


def _payload(raw: bytes) -> Payload:
    kept = raw[:MAX_BYTES]
    try:
        text, encoded = kept.decode(), None
    except UnicodeDecodeError:
        text, encoded = None, base64.b64encode(kept).decode()
    return Payload(
        sha256=hashlib.sha256(raw).hexdigest(),
        size=len(raw),
        text=text,
        base64=encoded,
        truncated=len(raw) > MAX_BYTES,
    )
