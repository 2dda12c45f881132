from hashlib import sha256

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assurance.reconciliation.reading.identity import UNREADABLE, Identity, identifier, lateness, raw_record
from contracts.events.rejected import FailedEvent, Failure, LateEvent, Payload, Processor, SuppressedEvent
from contracts.topics import ANALYTICS, FAILED, LATE, SUPPRESSED

PROCESSOR = Processor(name="enrichment", version="1.0.0")
DIGEST = sha256(b"payload").hexdigest()


def _failed(failure: Failure, digest: str = DIGEST) -> bytes:
    return msgspec.json.encode(
        FailedEvent(
            schema="clickstream.failed/1",
            failure=failure,
            payload=Payload(sha256=digest, size=7),
            processor=PROCESSOR,
            collector_tstamp=1,
            etl_tstamp=2,
        )
    )


@pytest.mark.parametrize(
    "value",
    [
        b'{"event_id":"event-0001","event_name":"page_view"}',
        b'{"event_name":"page_view", "event_id": "event-0001"}',
        b'{"unstruct_event":"{\\"event_id\\":\\"inner\\"}","event_id":"event-0001"}',
        b'{"nested":{"event_id":"inner"},"event_id":"event-0001"}',
        b'{"event_id":"event-000\\u0031"}',
    ],
)
def test_the_enriched_id_is_found_at_any_position(value: bytes) -> None:
    assert identifier(ANALYTICS.name)(value) == Identity("event-0001")


def test_the_reason_of_a_late_event_is_its_lateness() -> None:
    late = LateEvent(
        schema="clickstream.late/1",
        event_id="event-0001",
        collector_tstamp=1,
        etl_tstamp=2,
        watermark_tstamp=3,
        lateness_ms=90_000,
        processor=PROCESSOR,
        payload=Payload(sha256=DIGEST, size=7),
    )
    assert identifier(LATE.name)(msgspec.json.encode(late)) == Identity("event-0001", None, "up to 10 min late")


@pytest.mark.parametrize(
    ("ms", "reason"),
    [
        (0, "up to 1 min late"),
        (60_000, "up to 1 min late"),
        (60_001, "up to 10 min late"),
        (3_600_000, "up to 1 h late"),
        (3_600_001, "more than 1 h late"),
    ],
)
def test_lateness_has_four_steps(ms: int, reason: str) -> None:
    assert lateness(ms) == reason


def test_a_failed_event_is_identified_by_digest_and_failure() -> None:
    with_field = _failed(Failure(type="schema", stage="validate", message="m", field="actor.user_id"))
    without = _failed(Failure(type="json", stage="parse", message="m"))
    assert identifier(FAILED.name)(with_field) == Identity(None, DIGEST, "schema actor.user_id")
    assert identifier(FAILED.name)(without) == Identity(None, DIGEST, "json")


def test_a_suppressed_event_is_identified_by_digest_and_reason() -> None:
    tombstone = SuppressedEvent(
        schema="clickstream.suppressed/1",
        field="actor.user_id",
        reason="opted_out",
        payload=Payload(sha256=DIGEST, size=7),
        processor=PROCESSOR,
        collector_tstamp=1,
        etl_tstamp=2,
        event_id="event-0001",
    )
    found = identifier(SUPPRESSED.name)(msgspec.json.encode(tombstone))
    assert found == Identity("event-0001", DIGEST, "actor.user_id opted_out")


def test_an_invalid_digest_is_unreadable() -> None:
    broken = _failed(Failure(type="json", stage="parse", message="m"), digest="not hexadecimal")
    assert identifier(FAILED.name)(broken) == Identity(None, None, UNREADABLE)


@pytest.mark.parametrize("topic", [ANALYTICS.name, LATE.name, FAILED.name, SUPPRESSED.name])
@pytest.mark.parametrize("value", [None, b"", b"{}", b"[]", b"\xff", b'{"event_id":7}', b'{"event_id":"a'])
def test_an_unreadable_record_is_a_value_and_not_an_exception(topic: str, value: bytes | None) -> None:
    assert identifier(topic)(value) == Identity(None, None, UNREADABLE)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.none(), st.binary()))
def test_any_bytes_are_a_raw_record(value: bytes | None) -> None:
    record = raw_record(value, 5)
    assert record.sha256 == sha256(value or b"").digest()
    assert record.timestamp_ms == 5


@pytest.mark.parametrize(
    ("value", "event_id", "event_name"),
    [
        (b'{"event_id":"event-0001","event_name":"search","attributes":{"event_id":"inner"}}', "event-0001", "search"),
        (b'{"attributes":{"event_id":"inner"}}', None, None),
        (b'{"event_id":7,"event_name":["x"]}', None, None),
        (b'{"event_id":"event-0001"', None, None),
        # The job repairs these.
        (b'{"event_id":"event-0001","event_name":"search","x":"\\ud83d"}', "event-0001", "search"),
        (b'{"event_id":"event-0001","event_name":"search","x":"\xf0\x9f"}', "event-0001", "search"),
    ],
)
def test_the_raw_id_is_that_of_the_top_level(value: bytes, event_id: str | None, event_name: str | None) -> None:
    record = raw_record(value, 0)
    assert (record.event_id, record.event_name) == (event_id, event_name)
