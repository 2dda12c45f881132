"""Decode: from raw bytes to a typed event, or to the reason why the record is none. Pure; no input makes it raise.

A record is valid by the published schema where it has no ``field_errors``, or only those of :data:`VALID_ODDITIES`.
"""

import re

import msgspec

from contracts.events.enriched import FieldError
from contracts.events.raw import MAX_BYTES, Attributes, EventId, RawEvent
from core.flat_event import BadRow
from core.repair.record import mend

Decoded = tuple[RawEvent, Attributes, str, list[FieldError] | None]
"""The event, its known attributes, all its attributes as text, and what was repaired or left out."""
VALID_ODDITIES = frozenset({"whole_number"})

_EVENT = msgspec.json.Decoder(RawEvent)
_ATTRIBUTES = msgspec.json.Decoder(Attributes)
_AT = re.compile(r" - at `\$\.?([^`]*)`$")
_MISSING = re.compile(r"^Object missing required field `([^`]+)`")
_VALUE = re.compile(r" '.*'", re.DOTALL)


def decode(raw: bytes) -> Decoded | BadRow:
    """Strictly at first. A record that is refused is then repaired where possible: one odd optional value is no reason
    to lose an event.
    """
    if not 0 < len(raw) <= MAX_BYTES:
        return BadRow("size", "parse", f"{len(raw)} bytes; 1 to {MAX_BYTES} are allowed")
    try:
        # Strict UTF-8 for the whole record at once: the decoder skips the text of attributes it does not know.
        raw.decode()
        event = _EVENT.decode(raw)
        attributes = _ATTRIBUTES.decode(event.attributes)
        return event, attributes, bytes(event.attributes).decode(), None
    except (UnicodeDecodeError, msgspec.DecodeError, RecursionError):
        return _decode_mended(raw)


def _decode_mended(raw: bytes) -> Decoded | BadRow:
    text = raw
    try:
        record = mend(raw)
        if isinstance(record, BadRow):
            return record
        text = record.text
        event = _EVENT.decode(text)
        attributes = _ATTRIBUTES.decode(event.attributes)
        return event, attributes, record.attributes.decode(), record.errors or None
    except UnicodeDecodeError as error:
        return BadRow("encoding", "parse", f"not UTF-8 at byte {error.start}")
    except RecursionError:
        return BadRow("json", "parse", "nested too deeply")
    except msgspec.ValidationError as error:
        return _invalid(text, str(error))
    except msgspec.DecodeError as error:
        return BadRow("json", "parse", str(error))


def _invalid(raw: bytes, reason: str) -> BadRow:
    """The validator's message, without the values that it quotes, and the field's path from it."""
    path = found[1] if (found := _AT.search(reason)) else ""
    message = _VALUE.sub("", _AT.sub("", reason))
    if missing := _MISSING.match(message):
        path = f"{path}.{missing[1]}".strip(".")
    if _attributes_at_fault(raw):
        path = f"attributes.{path}".strip(".")
    return BadRow("schema", "validate", message, path or "$")


def _attributes_at_fault(raw: bytes) -> bool:
    """Whether the first level is valid, so that the fault must lie in the attributes."""
    try:
        _EVENT.decode(raw)
    except msgspec.ValidationError:
        return False
    return True


def readable_event_id(raw: bytes) -> str | None:
    """The event's id where a valid one can be read from a rejected record. Any other text may be personal: None."""
    if len(raw) > 16 * MAX_BYTES:
        return None
    try:
        return _ONLY_ID.decode(raw).event_id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


class _OnlyId(msgspec.Struct):
    event_id: EventId


_ONLY_ID = msgspec.json.Decoder(_OnlyId)
