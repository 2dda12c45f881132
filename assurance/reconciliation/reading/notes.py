"""Notes on an enriched event: which values were repaired or left out, which lookup keys were invalid.

A note is one line, ``repaired <field> <reason>`` or ``invalid <status field>``. It never contains a value.
"""

import msgspec

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
    """The notes of an enriched record. Nearly all events have none: two searches in the bytes find that out cheaply.

    :raises msgspec.DecodeError: if the value is not an enriched record.
    """
    notes: list[str] = []
    if _REPAIRED_MARK in value:
        notes += [f"{REPAIRED} {each.field} {each.reason}" for each in _decode_repaired(value).field_errors]
    if _INVALID_MARK in value:
        members = _decode_members(value)
        notes += [f"{INVALID} {name}" for name in _STATUS_FIELDS if bytes(members.get(name, b"")) == b'"invalid"']
    return tuple(notes)
