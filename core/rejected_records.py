"""Output records of events that are not enriched: bad rows, late envelopes and tombstones. Pure."""

import msgspec

from common.flink.output_record import OutputRecord
from contracts import VERSION
from contracts.events.rejected import (
    FAILED_SCHEMA,
    LATE_SCHEMA,
    SUPPRESSED_SCHEMA,
    FailedEvent,
    Failure,
    LateEvent,
    Processor,
    SuppressedEvent,
)
from contracts.fixed_topics import FAILED, LATE, SUPPRESSED
from core.consent import OptOut
from core.decode import readable_event_id
from core.flat_event import BadRow, FlatEvent
from core.privacy.payload_protection import Protect, scrubbed

_PROCESSOR = Processor(name="enrichment-job", version=VERSION)
_encode = msgspec.json.Encoder().encode


def failed_record(raw: bytes, reason: BadRow, collector_tstamp: int, etl_tstamp: int, protect: Protect) -> OutputRecord:
    """The bad row of a rejected record, its payload protected."""
    row = FailedEvent(
        schema=FAILED_SCHEMA,
        failure=Failure(type=reason.type, stage=reason.stage, message=reason.message, field=reason.field),
        payload=protect(raw),
        processor=_PROCESSOR,
        collector_tstamp=collector_tstamp,
        etl_tstamp=etl_tstamp,
        event_id=readable_event_id(raw),
    )
    return FAILED.name, None, _encode(row), collector_tstamp


def late_record(event: FlatEvent, watermark: int, protect: Protect) -> OutputRecord:
    """The envelope of a valid event that came too late, with the raw event in it, protected. It has no Kafka key: a key
    would be the user in the form of a purpose, and this topic has none.
    """
    fields = event.fields
    row = LateEvent(
        schema=LATE_SCHEMA,
        event_id=fields.event_id,
        collector_tstamp=fields.collector_tstamp,
        etl_tstamp=fields.etl_tstamp,
        watermark_tstamp=watermark,
        lateness_ms=watermark - fields.collector_tstamp,
        processor=_PROCESSOR,
        payload=protect(event.raw),
    )
    return LATE.name, None, _encode(row), fields.collector_tstamp


def suppressed_record(event: FlatEvent, opt_out: OptOut) -> OutputRecord:
    """The tombstone of an event whose subject has opted out."""
    fields = event.fields
    row = SuppressedEvent(
        schema=SUPPRESSED_SCHEMA,
        field=opt_out.field,
        reason=opt_out.reason,
        payload=scrubbed(event.raw),
        processor=_PROCESSOR,
        collector_tstamp=fields.collector_tstamp,
        etl_tstamp=fields.etl_tstamp,
        event_id=fields.event_id,
    )
    return SUPPRESSED.name, None, _encode(row), fields.collector_tstamp
