"""Results as sources give them, and many of them without keeping other requests waiting."""

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from common.lookup_keys import NoKey
from contracts.lookup import LookupResult, Value

KEYS_PER_TURN = 64
"""So many keys are answered from memory or a file (microseconds each) before other requests get a turn."""

_encode = msgspec.json.Encoder().encode


class Answers:
    """Results of one source from one build of its data. ``age_ms`` is 0: sources keep no answers."""

    def __init__(self, source: str, data_version: str | None = None) -> None:
        self._source = source
        self._data_version = data_version
        self.missing = LookupResult(status="missing", source=source, data_version=data_version, age_ms=0)
        self.invalid = LookupResult(status="invalid", source=source, data_version=data_version, age_ms=0)
        self.error = LookupResult(status="error", source=source, data_version=data_version)
        self.timeout = LookupResult(status="timeout", source=source, data_version=data_version)

    def at(self, data_version: str | None) -> "Answers":
        """The same source's results from another build."""
        return self if data_version == self._data_version else Answers(self._source, data_version)

    def without(self, reason: NoKey) -> LookupResult:
        return self.invalid if reason.status == "invalid" else self.missing

    def of(self, value: Value | None) -> LookupResult:
        """None is a missing record."""
        if value is None:
            return self.missing
        return LookupResult(
            status="ok",
            value=msgspec.Raw(_encode(value)),
            source=self._source,
            data_version=self._data_version,
            age_ms=0,
        )


async def in_turns(keys: Sequence[str], answer: Callable[[str], LookupResult]) -> list[LookupResult]:
    """One result per key, in order; the event loop runs others in between."""
    results: list[LookupResult] = []
    for start in range(0, len(keys), KEYS_PER_TURN):
        if start:
            await asyncio.sleep(0)
        results.extend(map(answer, keys[start : start + KEYS_PER_TURN]))
    return results
