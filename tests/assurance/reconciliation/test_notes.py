"""Notes of enriched events, and how events are counted by them."""

import msgspec
import pytest

from assurance.reconciliation.notes import INVALID, REPAIRED, count_notes, notes_of
from contracts.topics import ANALYTICS, SECURITY
from tests.assurance.reconciliation.builders import enriched, raw

A, B = raw("event-a"), raw("event-b")


@pytest.mark.parametrize(
    ("value", "notes"),
    [
        (b'{"event_id":"event-a","geo_status":"missing"}', ()),
        (b'{"geo_status":"invalid","network_status":"invalid"}', ("invalid geo_status", "invalid network_status")),
        (
            b'{"field_errors":[{"field":"attributes.price","reason":"number"},{"field":"context.br_lang","reason":"x"}]}',
            ("repaired attributes.price number", "repaired context.br_lang x"),
        ),
        # What somebody wrote into a text is no note.
        (b'{"page_title":"\\"geo_status\\":\\"invalid\\""}', ()),
        (b'{"unstruct_event":"{\\"field_errors\\":[1]}"}', ()),
    ],
)
def test_what_is_repaired_and_invalid(value: bytes, notes: tuple[str, ...]) -> None:
    assert notes_of(value) == notes


def test_an_event_in_two_topics_counts_once_and_a_doubled_one_twice() -> None:
    note = "repaired attributes.price number"
    receipts = [
        msgspec.structs.replace(enriched(record, topic), notes=(note,))
        for record, topic in ((A, ANALYTICS.name), (A, SECURITY.name), (B, SECURITY.name), (B, SECURITY.name))
    ]
    assert count_notes(receipts, REPAIRED) == {"attributes.price number": 3}
    assert count_notes(receipts, INVALID) == {}
