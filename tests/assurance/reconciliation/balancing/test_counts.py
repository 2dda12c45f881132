"""How many events have a note."""

import msgspec

from assurance.reconciliation.balancing.counts import count_notes
from assurance.reconciliation.reading.notes import INVALID, REPAIRED
from contracts.topics import ANALYTICS, SECURITY
from tests.assurance.reconciliation.builders import enriched, raw

A, B = raw("event-a"), raw("event-b")


def test_an_event_in_two_topics_counts_once_and_a_duplicate_twice() -> None:
    note = "repaired attributes.price number"
    observed = [
        msgspec.structs.replace(enriched(record, topic), notes=(note,))
        for record, topic in ((A, ANALYTICS.name), (A, SECURITY.name), (B, SECURITY.name), (B, SECURITY.name))
    ]
    assert count_notes(observed, REPAIRED) == {"attributes.price number": 3}
    assert count_notes(observed, INVALID) == {}
