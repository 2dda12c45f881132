"""Notes of enriched events."""

import pytest

from assurance.reconciliation.reading.notes import notes_of


@pytest.mark.parametrize(
    ("value", "notes"),
    [
        (b'{"event_id":"event-a","geo_status":"missing"}', ()),
        (b'{"geo_status":"invalid","network_status":"invalid"}', ("invalid geo_status", "invalid network_status")),
        (
            b'{"field_errors":[{"field":"attributes.price","reason":"number"},{"field":"context.br_lang","reason":"x"}]}',
            ("repaired attributes.price number", "repaired context.br_lang x"),
        ),
        # A text that looks like a note is not one.
        (b'{"page_title":"\\"geo_status\\":\\"invalid\\""}', ()),
        (b'{"unstruct_event":"{\\"field_errors\\":[1]}"}', ()),
    ],
)
def test_notes_name_repaired_fields_and_invalid_keys(value: bytes, notes: tuple[str, ...]) -> None:
    assert notes_of(value) == notes
