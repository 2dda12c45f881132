"""The quick decoder: accepts only records that :func:`core.decode.decode` accepts unchanged, and decodes them in less
time. It refuses some of those, too; whoever asks it then takes the long way, which knows the reason.

Three things make it quick. Event and attributes are decoded in one call. Texts of few different values, which have a
pattern, are checked by a look-up among those that matched before. The structs are hidden from the garbage collector.
"""

import re
from collections.abc import Callable
from typing import Annotated, Any, get_args

import msgspec

from common.memoize import remembered
from contracts.events.raw import CURRENCY_PATTERN, EVENT_ID_PATTERN, EVENT_NAME_PATTERN, MAX_BYTES, SENT_EVENT, EventId

_FEW = 4_096


def _matching(pattern: str) -> Callable[[str], bool]:
    matches = re.compile(pattern).fullmatch
    return remembered(_FEW, longest=64)(lambda text: matches(text) is not None)


_is_event_id = re.compile(EVENT_ID_PATTERN).fullmatch
_is_event_name = _matching(EVENT_NAME_PATTERN)
_is_currency = _matching(CURRENCY_PATTERN)
_CHECKED_HERE = {
    "event_id": Annotated[str, *(rule for rule in get_args(EventId)[1:] if rule.pattern is None)],
    "event_name": str,
    "currency": str | None,
}
"""Fields whose pattern this module checks, with their types without it."""


def _quick(struct: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """The same struct with quick parts. Every other rule of its fields stays."""
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for field in msgspec.structs.fields(struct):
        kind = _CHECKED_HERE.get(field.name, field.type)
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            kind = _quick(kind)
        fields.append((field.name, kind) if field.required else (field.name, kind, field.default))
    return msgspec.defstruct(struct.__name__, fields, frozen=True, kw_only=True, gc=False)


class _AttributesAlone(msgspec.Struct, gc=False):
    attributes: msgspec.Raw


_decode: Callable[[bytes], Any] = msgspec.json.Decoder(_quick(SENT_EVENT)).decode
_decode_attributes = msgspec.json.Decoder(_AttributesAlone).decode


def quickly_decoded(raw: bytes) -> Any | None:  # noqa: ANN401 - its fields are those of contracts.events.raw.SENT_EVENT
    """The event with typed attributes; None where it must take the long way."""
    try:
        # Strict UTF-8 for the whole record at once: the decoder skips the text of attributes it does not know.
        if len(raw) > MAX_BYTES or not (raw.isascii() or raw.decode()):
            return None
        event = _decode(raw)
    except (UnicodeDecodeError, msgspec.DecodeError, RecursionError):
        return None
    currency = event.attributes.currency
    is_valid = (
        _is_event_id(event.event_id)
        and _is_event_name(event.event_name)
        and (currency is None or _is_currency(currency))
    )
    return event if is_valid else None


def attributes_text(raw: bytes) -> str:
    """All attributes as sent.

    :param raw: a record that :func:`quickly_decoded` has decoded.
    """
    return bytes(_decode_attributes(raw).attributes).decode()
