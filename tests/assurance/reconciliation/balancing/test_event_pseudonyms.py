"""With the keys, a purpose whose event ids are pseudonyms balances like any other."""

import msgspec

from assurance.reconciliation.balancing.balance import balance
from assurance.reconciliation.balancing.event_pseudonyms import with_raw_ids
from assurance.reconciliation.balancing.routes import every_event
from assurance.reconciliation.reading.records import ObservedRecord, RawRecord
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
            observed = _pseudonymous(msgspec.structs.replace(record, timestamp_ms=read_at))
            (named,) = with_raw_ids([observed], [record], {ANALYTICS.name}, EPOCHS)
            assert named.event_id == "event-a"


def test_pseudonyms_of_both_epochs_are_resolved_and_unknown_ones_stay_unexpected() -> None:
    observed = [_pseudonymous(A), _pseudonymous(B), enriched(A, SECURITY.name), enriched(B, SECURITY.name)]
    assert not balance([A, B], observed, routes=ROUTES).balanced
    named = with_raw_ids(observed, [A, B], {ANALYTICS.name}, EPOCHS)
    assert balance([A, B], named, routes=ROUTES).balanced
    unknown = ObservedRecord(topic=ANALYTICS.name, event_id="e1.AAAAAAAAAAAAAAAAAAAAAA")
    found = balance([A, B], with_raw_ids([*observed, unknown], [A, B], {ANALYTICS.name}, EPOCHS), routes=ROUTES)
    assert (found.unexpected_ids, found.missing, found.duplicates) == ([unknown.event_id], 0, 0)
