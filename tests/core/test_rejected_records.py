import hashlib

import msgspec

from contracts import topics
from contracts.events.rejected import FailedEvent, LateEvent
from core.flat_event import BadRow
from core.flatten import flatten
from core.privacy.payload_protection import scrubbed
from core.rejected_records import failed_record, late_record
from tests.core.samples import VALID, raw

REASON = BadRow("schema", "validate", "Expected `str`, got `int`", "actor.user_id")


def test_a_bad_row_has_reason_payload_and_processor() -> None:
    payload = raw({"actor.user_id": 7})
    topic, key, value, timestamp = failed_record(payload, REASON, 5, 6, scrubbed)
    row = msgspec.json.decode(value, type=FailedEvent)
    assert (topic, key, timestamp) == (topics.FAILED.name, None, 5)
    assert (row.failure.type, row.failure.field) == ("schema", "actor.user_id")
    assert (row.payload.sha256, row.payload.size) == (hashlib.sha256(payload).hexdigest(), len(payload))
    assert row.event_id == VALID["event_id"]


def test_what_is_no_valid_id_is_not_repeated() -> None:
    _, _, value, _ = failed_record(raw({"event_id": "ann@example.org"}), REASON, 5, 6, scrubbed)
    assert b"ann" not in value


def test_a_late_event_says_how_late_it_was_and_has_no_key() -> None:
    event = flatten(raw(), 1_000, 2_000)
    assert not isinstance(event, BadRow)
    topic, key, value, timestamp = late_record(event, 61_500, scrubbed)
    row = msgspec.json.decode(value, type=LateEvent)
    assert (topic, key, timestamp) == (topics.LATE.name, None, 1_000)
    assert row.lateness_ms == 60_500
    assert row.payload == scrubbed(raw())
