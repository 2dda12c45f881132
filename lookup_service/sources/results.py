"""Builds the results of a source, and computes a batch of them without blocking other requests.

A fault in one record is limited to its key: whatever a value or a parser does, that key becomes an ``error``, and the
other keys of the batch get their results.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence

import msgspec
import structlog

from contracts.lookup_api.lookups import MAX_VALUE_BYTES, VALUE_TYPES, Kind, LookupResult, Value
from core.lookups.lookup_keys import NoKey

KEYS_PER_SLICE = 64
"""Keys looked up in memory or in a file (microseconds each) before the event loop runs other requests."""
LOG_INTERVAL_S = 10.0
"""Rejected records are counted and logged together, at most once in this interval."""

_encode = msgspec.json.Encoder().encode
_decoders: Mapping[Kind, Callable[[bytes], Value]] = {
    kind: msgspec.json.Decoder(value).decode for kind, value in VALUE_TYPES.items()
}
log = structlog.get_logger(__name__)


class SourceResults:
    """Results of one source from one build of its data. ``age_ms`` is 0: sources do not cache."""

    def __init__(self, kind: Kind, source: str, data_version: str | None = None) -> None:
        self._kind: Kind = kind
        self._decode = _decoders[kind]
        self._source = source
        self._data_version = data_version
        self._rejected = 0
        self._next_log_at = 0.0
        self.missing = LookupResult(status="missing", source=source, data_version=data_version, age_ms=0)
        self.invalid = LookupResult(status="invalid", source=source, data_version=data_version, age_ms=0)
        self.error = LookupResult(status="error", source=source, data_version=data_version)
        self.timeout = LookupResult(status="timeout", source=source, data_version=data_version)

    def for_version(self, data_version: str | None) -> "SourceResults":
        """The results of the same source for another build of its data."""
        return self if data_version == self._data_version else SourceResults(self._kind, self._source, data_version)

    def for_no_key(self, reason: NoKey) -> LookupResult:
        """The result for a text that is not a key of this kind."""
        return self.invalid if reason.status == "invalid" else self.missing

    def for_value(self, value: Value | None) -> LookupResult:
        """``missing`` for None, ``error`` for a value that the contract does not allow, ``ok`` otherwise."""
        if value is None:
            return self.missing
        encoded = self._encode_valid(value)
        if encoded is None:
            return self.record_error("a value outside the contract")
        return LookupResult(
            status="ok",
            value=msgspec.Raw(encoded),
            source=self._source,
            data_version=self._data_version,
            age_ms=0,
        )

    def _encode_valid(self, value: Value) -> bytes | None:
        """The value as JSON; None where decoding the JSON would not give the same value.

        JSON cannot represent NaN or half a surrogate pair: such a value fails to encode or decodes to something else.
        """
        try:
            encoded = _encode(value)
            return encoded if len(encoded) <= MAX_VALUE_BYTES and self._decode(encoded) == value else None
        except (ValueError, TypeError, OverflowError, RecursionError):
            return None

    def guarded(self, key: str, look_up: Callable[[str], LookupResult]) -> LookupResult:
        """The result of ``look_up(key)``, an error where it raised."""
        try:
            return look_up(key)
        except Exception as error:  # a malformed record can make a parser raise anything
            return self.record_error(type(error).__name__)

    def record_error(self, reason: str) -> LookupResult:
        """An error for one key, counted and logged without the key and the value."""
        self._rejected += 1
        now = time.monotonic()
        if now >= self._next_log_at:
            log.warning("records_refused", source=self._source, kind=self._kind, count=self._rejected, reason=reason)
            self._rejected, self._next_log_at = 0, now + LOG_INTERVAL_S
        return self.error


async def lookup_in_slices(
    keys: Sequence[str], results: SourceResults, look_up: Callable[[str], LookupResult]
) -> list[LookupResult]:
    """One result per key, in order. The event loop runs other tasks after every :data:`KEYS_PER_SLICE` keys."""
    found: list[LookupResult] = []
    for start in range(0, len(keys), KEYS_PER_SLICE):
        if start:
            await asyncio.sleep(0)
        found.extend(results.guarded(key, look_up) for key in keys[start : start + KEYS_PER_SLICE])
    return found
