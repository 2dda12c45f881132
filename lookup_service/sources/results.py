"""Results as sources give them, and many of them without keeping other requests waiting.

What is wrong with one record is its key's fault only: whatever a value or a parser does, that key is an ``error``, and
the others of the batch are answered.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence

import msgspec
import structlog

from contracts.lookup_api.lookups import MAX_VALUE_BYTES, VALUE_TYPES, Kind, LookupResult, Value
from core.lookups.lookup_keys import NoKey

KEYS_PER_TURN = 64
"""So many keys are answered from memory or a file (microseconds each) before other requests get a turn."""
LOG_EVERY_S = 10.0
"""Refused records are logged together, at most so often."""

_encode = msgspec.json.Encoder().encode
_decoders: Mapping[Kind, Callable[[bytes], Value]] = {
    kind: msgspec.json.Decoder(value).decode for kind, value in VALUE_TYPES.items()
}
log = structlog.get_logger(__name__)


class SourceResults:
    """Results of one source from one build of its data. ``age_ms`` is 0: sources keep no answers."""

    def __init__(self, kind: Kind, source: str, data_version: str | None = None) -> None:
        self._kind: Kind = kind
        self._decode = _decoders[kind]
        self._source = source
        self._data_version = data_version
        self._refused = 0
        self._log_due = 0.0
        self.missing = LookupResult(status="missing", source=source, data_version=data_version, age_ms=0)
        self.invalid = LookupResult(status="invalid", source=source, data_version=data_version, age_ms=0)
        self.error = LookupResult(status="error", source=source, data_version=data_version)
        self.timeout = LookupResult(status="timeout", source=source, data_version=data_version)

    def at(self, data_version: str | None) -> "SourceResults":
        """The same source's results from another build."""
        return self if data_version == self._data_version else SourceResults(self._kind, self._source, data_version)

    def without(self, reason: NoKey) -> LookupResult:
        return self.invalid if reason.status == "invalid" else self.missing

    def of(self, value: Value | None) -> LookupResult:
        """None is a missing record; a value that the contract does not allow is an error."""
        if value is None:
            return self.missing
        encoded = self._sound(value)
        if encoded is None:
            return self.refused("a value outside the contract")
        return LookupResult(
            status="ok",
            value=msgspec.Raw(encoded),
            source=self._source,
            data_version=self._data_version,
            age_ms=0,
        )

    def _sound(self, value: Value) -> bytes | None:
        """The value's JSON, if it is read as the same value by whoever asked: what JSON cannot say (NaN, half a
        surrogate) differs or fails.
        """
        try:
            encoded = _encode(value)
            return encoded if len(encoded) <= MAX_VALUE_BYTES and self._decode(encoded) == value else None
        except (ValueError, TypeError, OverflowError, RecursionError):
            return None

    def each(self, key: str, answer: Callable[[str], LookupResult]) -> LookupResult:
        """The key's answer, an error where working it out failed."""
        try:
            return answer(key)
        except Exception as error:  # a record can be as strange as whoever wrote it
            return self.refused(type(error).__name__)

    def refused(self, reason: str) -> LookupResult:
        """An error of one key, counted and logged without key and value."""
        self._refused += 1
        now = time.monotonic()
        if now >= self._log_due:
            log.warning("records_refused", source=self._source, kind=self._kind, count=self._refused, reason=reason)
            self._refused, self._log_due = 0, now + LOG_EVERY_S
        return self.error


async def in_turns(
    keys: Sequence[str], answers: SourceResults, answer: Callable[[str], LookupResult]
) -> list[LookupResult]:
    """One result per key, in order; the event loop runs others in between."""
    results: list[LookupResult] = []
    for start in range(0, len(keys), KEYS_PER_TURN):
        if start:
            await asyncio.sleep(0)
        results.extend(answers.each(key, answer) for key in keys[start : start + KEYS_PER_TURN])
    return results
