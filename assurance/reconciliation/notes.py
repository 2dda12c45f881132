"""What is remarkable about an enriched event: values that were repaired or left out, keys that could not be used.

A note is one line, ``repaired <field> <reason>`` or ``invalid <status field>``, and never holds a value.
"""

from collections import Counter
from collections.abc import Iterable

import msgspec

from assurance.reconciliation.records import ObservedRecord
from contracts.enrichments import ENRICHMENTS

REPAIRED, INVALID = "repaired", "invalid"
_REPAIRED_MARK = b'"field_errors":['
_INVALID_MARK = b'_status":"invalid"'
_STATUS_FIELDS = tuple(each.status_field for each in ENRICHMENTS)


class _FieldError(msgspec.Struct):
    field: str
    reason: str


class _Repaired(msgspec.Struct):
    field_errors: list[_FieldError] = []


_decode_repaired = msgspec.json.Decoder(_Repaired).decode
_decode_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def notes_of(value: bytes) -> tuple[str, ...]:
    """The notes of an enriched record; raises msgspec.DecodeError where it is no such record.

    Nearly all events have none, which two searches through the bytes tell.
    """
    notes: list[str] = []
    if _REPAIRED_MARK in value:
        notes += [f"{REPAIRED} {each.field} {each.reason}" for each in _decode_repaired(value).field_errors]
    if _INVALID_MARK in value:
        members = _decode_members(value)
        notes += [f"{INVALID} {name}" for name in _STATUS_FIELDS if bytes(members.get(name, b"")) == b'"invalid"']
    return tuple(notes)


def count_notes(receipts: Iterable[ObservedRecord], kind: str) -> dict[str, int]:
    """How many events have each note of that kind, the most frequent first; the kind is left out of the names.

    An event is in several topics, and a purpose may lack what another one has: of each note the topic with the most
    counts.
    """
    seen: dict[str, Counter[tuple[str | None, str]]] = {}
    for receipt in receipts:
        for note in receipt.notes:
            name, _, rest = note.partition(" ")
            if name == kind:
                seen.setdefault(receipt.topic, Counter())[receipt.event_id, rest] += 1
    most: Counter[tuple[str | None, str]] = Counter()
    for counts in seen.values():
        most |= counts
    totals: Counter[str] = Counter()
    for (_, rest), count in most.items():
        totals[rest] += count
    return dict(totals.most_common())
