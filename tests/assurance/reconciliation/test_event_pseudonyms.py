"""A purpose whose event ids are pseudonyms balances all the same, for whoever has the keys."""

import msgspec

from assurance.reconciliation.balance import balance, every_event
from assurance.reconciliation.event_pseudonyms import with_raw_ids
from assurance.reconciliation.records import ObservedRecord, RawRecord
from contracts.purposes.model import EVENT_ID
from contracts.topics import ANALYTICS, SECURITY
from core.privacy.key_ring import read_key_ring
from core.privacy.pseudonyms import Pseudonyms
from tests.assurance.reconciliation.builders import enriched, raw
from tests.core.privacy.keys import KEYS, ROTATION

EPOCHS = read_key_ring(KEYS).epochs
ROUTES = {ANALYTICS.name: every_event, SECURITY.name: every_event}
A, B = raw("event-a"), msgspec.structs.replace(raw("event-b"), timestamp_ms=ROTATION)


def _pseudonymous(record: RawRecord) -> ObservedRecord:
    made = Pseudonyms(EPOCHS, with_event_ids=True).at(record.timestamp_ms)(EVENT_ID, record.event_id or "")
    return ObservedRecord(topic=ANALYTICS.name, event_id=made)


def test_the_job_may_have_read_a_record_before_its_time_or_without_one() -> None:
    for timestamp_ms in (ROTATION + 30_000, -1):
        record = msgspec.structs.replace(A, timestamp_ms=timestamp_ms)
        for read_at in (ROTATION - 1, ROTATION + 1):
            receipt = _pseudonymous(msgspec.structs.replace(record, timestamp_ms=read_at))
            assert [each.event_id for each in with_raw_ids([receipt], [record], {ANALYTICS.name}, EPOCHS)] == [
                "event-a"
            ]


def test_pseudonyms_of_both_epochs_are_found_and_strangers_stay_strangers() -> None:
    receipts = [_pseudonymous(A), _pseudonymous(B), enriched(A, SECURITY.name), enriched(B, SECURITY.name)]
    assert not balance([A, B], receipts, routes=ROUTES).balanced
    named = with_raw_ids(receipts, [A, B], {ANALYTICS.name}, EPOCHS)
    assert balance([A, B], named, routes=ROUTES).balanced
    stranger = ObservedRecord(topic=ANALYTICS.name, event_id="e1.AAAAAAAAAAAAAAAAAAAAAA")
    found = balance([A, B], with_raw_ids([*receipts, stranger], [A, B], {ANALYTICS.name}, EPOCHS), routes=ROUTES)
    assert (found.unexpected_ids, found.missing, found.duplicates) == ([stranger.event_id], 0, 0)
