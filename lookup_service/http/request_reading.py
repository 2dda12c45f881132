"""Reads request bodies and headers. Each function returns the value or an error response that names the field."""

import re
import time
from collections.abc import Callable
from typing import TypeVar

import msgspec

from common.strict_json import StrictDecoder
from contracts.lookup_api.enrich import COLLECTOR_HEADER
from contracts.lookup_api.feast import OnlineFeaturesRequest
from contracts.lookup_api.features import MAX_NAME_CHARACTERS, MAX_NAMES, MAX_TSTAMP, FeatureRequest
from contracts.lookup_api.lookups import DEADLINE_HEADER, MAX_KEYS, LookupRequest
from contracts.security.risk import RiskEvent, RiskRequest
from core.risk.security_event import FLOWS
from lookup_service.http.error_response import ROOT, ErrorResponse

MAX_DEADLINE_MS = 60_000

Decoded = TypeVar("Decoded")
_decode_lookup = StrictDecoder(LookupRequest).decode
_decode_features = StrictDecoder(FeatureRequest).decode
_decode_online_features = StrictDecoder(OnlineFeaturesRequest).decode
_decode_risk = StrictDecoder(RiskRequest).decode
_MESSAGE = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<path>[^`]*)`)?", re.DOTALL)
_MISSING_FIELD = re.compile(r"Object missing required field `(\w+)`")


def read_request(body: bytes) -> LookupRequest | ErrorResponse:
    return _read(_decode_lookup, body)


def read_feature_request(body: bytes) -> FeatureRequest | ErrorResponse:
    return _read(_decode_features, body)


def read_online_features_request(body: bytes) -> OnlineFeaturesRequest | ErrorResponse:
    return _read(_decode_online_features, body)


def read_names(query: str | None) -> list[str] | ErrorResponse | None:
    """The comma-separated value names of a query parameter; None without it. What is empty names nothing."""
    if query is None:
        return None
    names = [name for part in query.split(",") if (name := part.strip())]
    if len(names) > MAX_NAMES or any(len(name) > MAX_NAME_CHARACTERS for name in names):
        error = f"more than {MAX_NAMES} names, or one longer than {MAX_NAME_CHARACTERS} characters"
        return ErrorResponse(status_code=422, error=error, field="names")
    return names


def read_risk_event(body: bytes) -> RiskEvent | ErrorResponse:
    request = _read(_decode_risk, body)
    if isinstance(request, ErrorResponse):
        return request
    if request.event.event_name not in FLOWS:
        return ErrorResponse(status_code=422, error=f"not one of {', '.join(FLOWS)}", field="event.event_name")
    return request.event


def read_collector_tstamp(header: str | None) -> int | ErrorResponse:
    """Milliseconds since 1970 UTC; without the header: now."""
    if header is None:
        return time.time_ns() // 1_000_000
    if header.isascii() and header.isdigit() and len(header) < 14 and int(header) < MAX_TSTAMP:
        return int(header)
    return ErrorResponse(status_code=422, error="not milliseconds since 1970, before 2100", field=COLLECTOR_HEADER)


def _read(decode: Callable[[bytes], Decoded], body: bytes) -> Decoded | ErrorResponse:
    try:
        return decode(body)
    except msgspec.ValidationError as error:
        return _error_response(str(error))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ErrorResponse(status_code=422, error="not JSON in UTF-8", field=ROOT)
    except RecursionError:
        return ErrorResponse(status_code=422, error="nested too deep", field=ROOT)


def read_deadline_ms(header: str | None, *, default_ms: int) -> int | ErrorResponse:
    """Milliseconds, at most ``MAX_DEADLINE_MS``."""
    if header is None:
        return default_ms
    if header.isascii() and header.isdigit() and len(header) < 10 and int(header) > 0:
        return min(int(header), MAX_DEADLINE_MS)
    return ErrorResponse(status_code=422, error="not a positive number of milliseconds", field=DEADLINE_HEADER)


def _error_response(message: str) -> ErrorResponse:
    """From msgspec's message, ``<what> - at `$.path```. Its text shows the value of an enumeration and the
    name of an unknown field, so these are cut.
    """
    parts = _MESSAGE.fullmatch(message)
    what, path = (parts["what"], parts["path"] or "") if parts else ("Invalid", "")
    if (path in ("keys", "ids") or path.startswith("entities")) and what.startswith("Expected `array` of length <="):
        return ErrorResponse(status_code=413, error=f"more than {MAX_KEYS} {path}", field=path)
    for shows_text in ("Invalid enum value", "Object contains unknown field"):
        if what.startswith(shows_text):
            what = shows_text
    missing = _MISSING_FIELD.fullmatch(what)
    if missing:
        path = f"{path}.{missing[1]}" if path else missing[1]
    return ErrorResponse(status_code=422, error=what, field=path or ROOT)
