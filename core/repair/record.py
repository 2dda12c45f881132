"""Rewrites a refused record so that the strict decode may accept it, and notes what was changed."""

from typing import NamedTuple

import msgspec

from common.strict_json import Place, place_of, rewritten
from contracts.events.enriched import FieldError, Oddity
from contracts.events.raw import SENT_EVENT
from core.flat_event import BadRow
from core.repair.surrogates import mended, places
from core.repair.values import is_strict, repaired

_SENT = place_of(SENT_EVENT)
_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class RepairedRecord(NamedTuple):
    text: bytes
    """The record, in which every optional value fits its type."""
    attributes: bytes
    """The attributes as they were sent, except for surrogates; empty where there are none."""
    errors: list[FieldError]


def mend(raw: bytes) -> RepairedRecord | BadRow:
    """Raises UnicodeDecodeError, ``msgspec.DecodeError`` or RecursionError where it is not a JSON object in UTF-8."""
    oddities: dict[str, Oddity] = {}
    for path, place in places(raw, _SENT):
        if place is not None and is_strict(place):
            return BadRow("schema", "validate", "Half of a character", path)
        oddities[path] = "surrogate"

    def leaf(path: str, place: Place, text: bytes) -> bytes | None:
        found = repaired(place, text)
        if found.oddity is not None:
            oddities[path] = found.oddity
        return found.text

    text = mended(raw)
    attributes = _members(text).get("attributes", b"")
    whole = rewritten(text, _SENT, leaf) or text
    return RepairedRecord(whole, bytes(attributes), [FieldError(path, oddity) for path, oddity in oddities.items()])
