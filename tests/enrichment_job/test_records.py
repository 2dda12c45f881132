import base64
import hashlib
import json

import msgspec

from contracts import topics
from contracts.raw_event import MAX_BYTES
from contracts.rejected_event import FailedEvent, LateEvent
from enrichment_job.outcome import Rejected
from enrichment_job.prepare import prepare
from enrichment_job.records import failed_record, late_record

from .samples import VALID, raw

REASON = Rejected("schema", "validate", "Expected `str`, got `int`", "actor.user_id")


def test_a_bad_row_has_reason_payload_and_processor() -> None:
    payload = raw({"actor.user_id": 7})
    topic, key, value, timestamp = failed_record(payload, REASON, 5, 6)
    row = msgspec.json.decode(value, type=FailedEvent)
    assert (topic, key, timestamp) == (topics.FAILED.name, None, 5)
    assert (row.failure.type, row.failure.field) == ("schema", "actor.user_id")
    assert row.payload.text == payload.decode()
    assert row.payload.sha256 == hashlib.sha256(payload).hexdigest()
    assert row.event_id == VALID["event_id"]


def test_a_payload_that_is_not_text_is_kept_as_base64() -> None:
    row = msgspec.json.decode(failed_record(b"\xff\x00", REASON, 5, 6)[2], type=FailedEvent)
    assert row.payload.base64 is not None
    assert base64.b64decode(row.payload.base64) == b"\xff\x00"


def test_an_oversized_payload_is_cut_and_says_so() -> None:
    payload = b"x" * (MAX_BYTES * 3)
    row = msgspec.json.decode(failed_record(payload, REASON, 5, 6)[2], type=FailedEvent)
    assert row.payload.truncated
    assert row.payload.size == len(payload)
    assert len(row.payload.text or "") == MAX_BYTES
    assert row.payload.sha256 == hashlib.sha256(payload).hexdigest()


def test_a_late_event_carries_its_raw_form_and_how_late_it_was() -> None:
    event = prepare(raw(), 1_000, 2_000)
    assert not isinstance(event, Rejected)
    topic, key, value, timestamp = late_record(event, 61_500)
    row = msgspec.json.decode(value, type=LateEvent)
    assert (topic, key, timestamp) == (topics.LATE.name, b"u0000001", 1_000)
    assert row.lateness_ms == 60_500
    assert json.loads(bytes(row.payload)) == VALID
