"""Several sources of one kind as one: their fields are united, the first entry of the configuration wins."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import is_

import msgspec

from common.resilience.two_generation_cache import TwoGenerationCache
from contracts.lookup_api.lookups import Kind, LookupResult, Status
from lookup_service.clock import now_ms
from lookup_service.resolving.caching.cached_source import CachedSource
from lookup_service.resolving.caching.entry import Entry, head_of

BEST_FIRST: Sequence[Status] = ("ok", "stale", "missing", "invalid", "timeout", "error")
_encode = msgspec.json.Encoder().encode
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def merge(kind: Kind, parts: Sequence[Entry]) -> Entry:
    """``ok`` where any part is, else ``stale`` where any is, else the worst status. As old as its oldest part.

    Sources and data versions are those of the parts that have a value, else of all, joined with ``+``.
    """
    if len(parts) == 1:
        return parts[0]
    found = {part.status for part in parts}
    status = next((good for good in BEST_FIRST[:2] if good in found), max(found, key=BEST_FIRST.index))
    results = [part.result(part.born_ms) for part in parts]
    with_value = [result for result in results if isinstance(result.value, msgspec.Raw)]
    fields: dict[str, msgspec.Raw] = {}
    for result in with_value:
        for name, value in _fields(result.value).items() if isinstance(result.value, msgspec.Raw) else ():
            fields.setdefault(name, value)
    united = LookupResult(
        status=status,
        value=msgspec.Raw(_encode(fields)) if with_value else msgspec.UNSET,
        source=_joined(result.source for result in with_value or results),
        data_version=_joined(result.data_version for result in with_value or results),
    )
    return Entry(
        f"{kind} {status}",
        status,
        head_of(united),
        min(part.born_ms for part in parts),
        min(part.due_ms for part in parts),
        min(part.current_until_ms for part in parts),
        min(part.ask_from_ms for part in parts),
        min(part.usable_until_ms for part in parts),
    )


class MergedSources:
    """Two or more cached sources of one kind. What was merged is remembered for as long as its parts stay the same."""

    def __init__(self, parts: Sequence[CachedSource], *, clock: Callable[[], int] = now_ms) -> None:
        self.kind = parts[0].kind
        self.is_local = all(part.is_local for part in parts)
        self._parts = parts
        self._clock = clock
        self._merged: TwoGenerationCache[tuple[list[Entry], Entry]] = TwoGenerationCache(
            min(part.policy.memory_entries for part in parts)
        )

    def follow_data(self) -> None:
        for part in self._parts:
            part.follow_data()

    def peek(self, key: str, now: int) -> Entry | None:
        entries = []
        for part in self._parts:
            entry = part.peek(key, now)
            if entry is None:
                return None
            entries.append(entry)
        return self._merge(key, entries)

    async def ask(self, keys: Sequence[str]) -> Mapping[str, Entry]:
        now = self._clock()
        answers = [{key: part.peek(key, now) for key in keys} for part in self._parts]
        missing = [[key for key in keys if known[key] is None] for known in answers]
        questions = zip(self._parts, missing, strict=True)
        if self.is_local:
            found = [await part.ask(unknown) if unknown else {} for part, unknown in questions]
        else:
            found = await asyncio.gather(*(part.ask(unknown) for part, unknown in questions))
        for known, asked in zip(answers, found, strict=True):
            known.update(asked)
        return {key: self._merge(key, [entry for known in answers if (entry := known[key])]) for key in keys}

    def give_up(self, keys: Iterable[str]) -> dict[str, Entry]:
        now = self._clock()
        return {
            key: merge(self.kind, [part.peek(key, now) or part.give_up([key])[key] for part in self._parts])
            for key in keys
        }

    async def invalidate(self, key: str) -> tuple[int, bool]:
        outcomes = [await part.invalidate(key) for part in self._parts]
        return sum(removed for removed, _ in outcomes), all(complete for _, complete in outcomes)

    def _merge(self, key: str, entries: list[Entry]) -> Entry:
        remembered = self._merged.get(key)
        if remembered is not None and all(map(is_, remembered[0], entries)):
            return remembered[1]
        merged = merge(self.kind, entries)
        self._merged.put(key, (entries, merged))
        return merged


def _joined(names: Iterable[str | None]) -> str | None:
    return "+".join(dict.fromkeys(name for name in names if name)) or None
