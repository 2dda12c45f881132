"""Reads a lookup request: body and deadline, each either usable or a refusal with the field at fault."""

import re

import msgspec

from contracts.lookup import DEADLINE_HEADER, MAX_KEYS, LookupRequest

MAX_BODY_BYTES = 2 * 1024 * 1024
"""Room for ``MAX_KEYS`` longest keys with every character escaped."""
MAX_DEADLINE_MS = 60_000
ROOT = "$"
"""Names the body as a whole where no field is at fault."""

_decode = msgspec.json.Decoder(LookupRequest).decode
_MESSAGE = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<path>[^`]*)`)?", re.DOTALL)
_MISSING_FIELD = re.compile(r"Object missing required field `(\w+)`")


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A request that is not answered. ``error`` shows no value of the request."""

    status_code: int
    error: str
    field: str


TOO_LARGE = Refusal(status_code=413, error=f"more than {MAX_BODY_BYTES} bytes", field=ROOT)


def read_request(body: bytes | bytearray) -> LookupRequest | Refusal:
    try:
        return _decode(body)
    except msgspec.ValidationError as error:
        return _refusal(str(error))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Refusal(status_code=422, error="not JSON in UTF-8", field=ROOT)
    except RecursionError:
        return Refusal(status_code=422, error="nested too deep", field=ROOT)


def read_deadline_ms(header: str | None, *, default_ms: int) -> int | Refusal:
    """Milliseconds; what is above ``MAX_DEADLINE_MS`` is taken as that."""
    if header is None:
        return default_ms
    if header.isascii() and header.isdigit() and len(header) < 10 and int(header) > 0:
        return min(int(header), MAX_DEADLINE_MS)
    return Refusal(status_code=422, error="not a positive number of milliseconds", field=DEADLINE_HEADER)


def _refusal(message: str) -> Refusal:
    """From msgspec's message, ``<what> - at `$.path```; its text for enumerations shows the value."""
    parts = _MESSAGE.fullmatch(message)
    what, path = (parts["what"], parts["path"] or "") if parts else ("Invalid", "")
    if path == "keys" and what.startswith("Expected `array` of length <="):
        return Refusal(status_code=413, error=f"more than {MAX_KEYS} keys", field="keys")
    if what.startswith("Invalid enum value"):
        what = "Invalid enum value"
    missing = _MISSING_FIELD.fullmatch(what)
    if missing:
        path = f"{path}.{missing[1]}" if path else missing[1]
    return Refusal(status_code=422, error=what, field=path or ROOT)
