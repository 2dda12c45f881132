"""Merges several sources of one kind: the result has the fields of all, and the first configured source wins."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import is_

import msgspec

from common.resilience.two_generation_cache import TwoGenerationCache
from contracts.lookup_api.lookups import Kind, LookupResult, Status
from lookup_service.clock import now_ms
from lookup_service.resolving.caching.cached_source import CachedSource
from lookup_service.resolving.caching.entry import Entry, encode_head

BEST_TO_WORST: Sequence[Status] = ("ok", "stale", "missing", "invalid", "timeout", "error")
_encode = msgspec.json.Encoder().encode
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def merge(kind: Kind, parts: Sequence[Entry]) -> Entry:
    """``ok`` if any part is, otherwise ``stale`` if any is, otherwise the worst status; the age of the oldest part.

    Sources and data versions, joined with ``+``, are those of the parts with a value, or of all parts if none has one.
    """
    if len(parts) == 1:
        return parts[0]
    statuses = {part.status for part in parts}
    status = next((good for good in BEST_TO_WORST[:2] if good in statuses), max(statuses, key=BEST_TO_WORST.index))
    results = [part.result(part.created_ms) for part in parts]
    with_value = [result for result in results if isinstance(result.value, msgspec.Raw)]
    fields: dict[str, msgspec.Raw] = {}
    for result in with_value:
        for name, value in _fields(result.value).items() if isinstance(result.value, msgspec.Raw) else ():
            fields.setdefault(name, value)
    merged = LookupResult(
        status=status,
        value=msgspec.Raw(_encode(fields)) if with_value else msgspec.UNSET,
        source=_joined(result.source for result in with_value or results),
        data_version=_joined(result.data_version for result in with_value or results),
    )
    return Entry(
        f"{kind} {status}",
        status,
        encode_head(merged),
        min(part.created_ms for part in parts),
        min(part.refresh_from_ms for part in parts),
        min(part.fresh_until_ms for part in parts),
        min(part.refetch_from_ms for part in parts),
        min(part.usable_until_ms for part in parts),
    )


class MergedSources:
    """Two or more cached sources of one kind. A merged entry is reused as long as its parts stay the same objects."""

    def __init__(self, parts: Sequence[CachedSource], *, clock: Callable[[], int] = now_ms) -> None:
        self.kind = parts[0].kind
        self.is_local = all(part.is_local for part in parts)
        self._parts = parts
        self._clock = clock
        self._merged: TwoGenerationCache[tuple[list[Entry], Entry]] = TwoGenerationCache(
            min(part.policy.memory_entries for part in parts)
        )

    def refresh_version(self) -> None:
        for part in self._parts:
            part.refresh_version()

    def get_cached(self, key: str, now: int) -> Entry | None:
        entries = []
        for part in self._parts:
            entry = part.get_cached(key, now)
            if entry is None:
                return None
            entries.append(entry)
        return self._merge(key, entries)

    async def fetch(self, keys: Sequence[str]) -> Mapping[str, Entry]:
        now = self._clock()
        by_part = [{key: part.get_cached(key, now) for key in keys} for part in self._parts]
        missing = [[key for key in keys if entries[key] is None] for entries in by_part]
        to_fetch = zip(self._parts, missing, strict=True)
        if self.is_local:
            fetched = [await part.fetch(part_keys) if part_keys else {} for part, part_keys in to_fetch]
        else:
            fetched = await asyncio.gather(*(part.fetch(part_keys) for part, part_keys in to_fetch))
        for entries, new in zip(by_part, fetched, strict=True):
            entries.update(new)
        return {key: self._merge(key, [entry for entries in by_part if (entry := entries[key])]) for key in keys}

    async def fetch_known(self, keys: Sequence[str]) -> Mapping[str, Entry]:
        by_part = [await part.fetch_known(keys) for part in self._parts]
        return {
            key: self._merge(key, [known[key] for known in by_part])
            for key in keys
            if all(key in known for known in by_part)
        }

    def on_timeout(self, keys: Iterable[str]) -> dict[str, Entry]:
        now = self._clock()
        return {
            key: merge(self.kind, [part.get_cached(key, now) or part.on_timeout([key])[key] for part in self._parts])
            for key in keys
        }

    async def invalidate(self, key: str) -> tuple[int, bool]:
        outcomes = [await part.invalidate(key) for part in self._parts]
        return sum(removed for removed, _ in outcomes), all(complete for _, complete in outcomes)

    def _merge(self, key: str, entries: list[Entry]) -> Entry:
        cached = self._merged.get(key)
        if cached is not None and all(map(is_, cached[0], entries)):
            return cached[1]
        merged = merge(self.kind, entries)
        self._merged.put(key, (entries, merged))
        return merged


def _joined(names: Iterable[str | None]) -> str | None:
    return "+".join(dict.fromkeys(name for name in names if name)) or None
