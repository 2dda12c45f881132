"""A cache around any source: this process's memory, then Redis, then the source; one question per key at a time."""

import asyncio
import hashlib
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence

import structlog

from common.resilience.two_generation_cache import TwoGenerationCache
from contracts.lookup_api.lookups import LookupResult
from lookup_service.clock import now_ms
from lookup_service.resolving.caching.entry import (
    Entry,
    as_stale,
    fresh_entry,
    from_stored,
    is_settled,
    is_sound,
    to_stored,
)
from lookup_service.resolving.caching.policy import CachePolicy
from lookup_service.resolving.caching.single_flight import SingleFlight
from lookup_service.resolving.shared_redis import SharedRedis
from lookup_service.sources.isolation import Isolation
from lookup_service.sources.protocol import Source

FETCH_LIMIT_S = 30.0
"""A source bounds its own time; one that does not is given up after this."""

log = structlog.get_logger(__name__)


class CachedSource:
    def __init__(
        self,
        source: Source,
        policy: CachePolicy,
        redis: SharedRedis | None,
        *,
        local: bool,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        """``local``: the source answers from this process's memory, so it is asked at once and without a task."""
        self.source = source
        self.kind = source.kind
        self.policy = policy
        self.is_local = local and not policy.shared
        self.loads = 0
        """Keys that the source was asked for."""
        self._redis = redis if policy.shared else None
        self._clock = clock
        self._memory: TwoGenerationCache[Entry] = TwoGenerationCache(policy.memory_entries)
        self._version = source.data_version
        self._flights = SingleFlight(self._fetch, name=source.name)
        self._invalidated: set[str] = set()
        self._isolation = Isolation(policy.negative_ttl_s, clock=lambda: clock() / 1000)
        self._error = LookupResult(status="error", source=source.name)
        self._no_answer = LookupResult(status="timeout", source=source.name)

    @property
    def entries(self) -> int:
        """How many there are in memory."""
        return len(self._memory)

    def follow_data(self) -> None:
        """To be called before a batch: a new build of the data makes every answer of the old one invisible."""
        version = self.source.data_version
        if version != self._version:
            self._version = version
            self._memory.clear()

    def peek(self, key: str, now: int) -> Entry | None:
        """The entry that can be served at once, if any; where it is due, the source is asked meanwhile."""
        entry = self._memory.get(key)
        if entry is None or now < entry.due_ms:
            return entry
        if now >= entry.ask_from_ms:
            return None
        self._flights.request((key,))
        if now < entry.current_until_ms:
            return entry
        entry = as_stale(self.kind, entry, self.policy, now)
        self._memory.put(key, entry)
        return entry

    async def ask(self, keys: Sequence[str]) -> Mapping[str, Entry]:
        """An entry for every key that :meth:`peek` had nothing for."""
        if not keys:
            return {}
        if self.is_local:
            return await self._load(keys)
        entries = await self._flights.get(keys)
        missing = [key for key in keys if key not in entries]
        return {**entries, **self.give_up(missing)} if missing else entries

    def give_up(self, keys: Iterable[str]) -> dict[str, Entry]:
        """What is served for keys that were not answered in time: what was known, as ``stale``, or ``timeout``."""
        now = self._clock()
        entries = {}
        for key in keys:
            known = self._memory.get(key)
            if known is not None and known.status in ("ok", "stale") and now < known.usable_until_ms:
                entries[key] = as_stale(self.kind, known, self.policy, now)
            else:
                entries[key] = self._timeout(now)
        return entries

    async def invalidate(self, key: str) -> tuple[int, bool]:
        """Forget the key: how many copies were removed, and whether Redis could be told (true where it has none)."""
        if self._flights.is_under_way(key):
            self._invalidated.add(key)
        removed = int(self._memory.drop(key))
        if self._redis is None:
            return removed, True
        from_redis = await self._redis.delete([self._redis_key(key)])
        return removed + (from_redis or 0), from_redis is not None

    async def close(self) -> None:
        await self._flights.close()
        await self.source.close()

    async def _fetch(self, keys: Sequence[str]) -> Mapping[str, Entry]:
        found = await self._from_redis(keys)
        now = self._clock()
        for key, entry in found.items():
            if is_settled(entry, now):
                self._keep(key, entry)
        unsettled = [key for key in keys if key not in found or not is_settled(found[key], now)]
        if unsettled:
            try:
                async with asyncio.timeout(FETCH_LIMIT_S):
                    found.update(await self._load(unsettled, found))
            except TimeoutError:
                log.warning("source_gave_no_answer", source=self.source.name)
                found.update({key: self._timeout(now) for key in unsettled})
        self._invalidated.difference_update(keys)
        return found

    async def _load(self, keys: Sequence[str], known: Mapping[str, Entry] | None = None) -> dict[str, Entry]:
        """Ask the source; where it fails, what is known serves as stale."""
        version = self._version
        self.loads += len(keys)
        results = await self._asked(keys)
        now = self._clock()
        is_same_data = version == self._version == self.source.data_version
        entries: dict[str, Entry] = {}
        to_redis: list[tuple[str, bytes, int]] = []
        for key in keys:
            result = results.get(key, self._error)
            entry = fresh_entry(self.kind, result, self.policy, now)
            if result.status not in ("ok", "missing", "invalid"):
                old = self._memory.get(key) or (known.get(key) if known else None)
                if old is not None and old.status in ("ok", "stale") and now < old.usable_until_ms:
                    entry = as_stale(self.kind, old, self.policy, now)
            elif self._redis is not None and is_same_data and key not in self._invalidated:
                to_redis.append((self._redis_key(key), to_stored(entry), entry.usable_until_ms - now))
            entries[key] = entry
            if is_same_data:
                self._keep(key, entry)
        if self._redis is not None and to_redis:
            self._redis.put(to_redis)
        return entries

    async def _asked(self, keys: Sequence[str]) -> Mapping[str, LookupResult]:
        """What the source says of each key. A key that makes it fail, or whose result is none, has none: a bug in one
        source, or one record, must take no other's answer with it.
        """
        faults: list[Exception] = []

        async def ask(some: Sequence[str]) -> Mapping[str, LookupResult]:
            try:
                results = await self.source.lookup(some)
                if len(results) != len(some):
                    raise ValueError("not one result per key")  # as any other fault of the source
            except Exception as error:
                faults.append(error)
                raise
            return dict(zip(some, results, strict=True))

        asked = await self._isolation.ask(keys, ask, (Exception,))
        found = asked.answers
        sound = {key: result for key, result in found.items() if is_sound(self.kind, result)}
        if len(sound) < len(found):
            log.warning("results_refused", source=self.source.name, kind=self.kind, count=len(found) - len(sound))
        if faults:
            first, count = faults[0], len(keys) - len(found)
            # Its words may be the key's, and so is the traceback's last line.
            at = traceback.extract_tb(first.__traceback__)[-1]
            place = f"{at.filename.rpartition('/')[2]}:{at.lineno}"
            kind_of_error = type(first).__name__
            log.error("source_failed", source=self.source.name, error_type=kind_of_error, at=place, count=count)
        return {**sound, **dict.fromkeys(asked.unasked, self._no_answer)}

    async def _from_redis(self, keys: Sequence[str]) -> dict[str, Entry]:
        if self._redis is None:
            return {}
        version = self._version
        stored = await self._redis.get([self._redis_key(key) for key in keys])
        if stored is None or version != self._version:
            return {}
        now = self._clock()
        return {
            key: entry
            for key, value in zip(keys, stored, strict=True)
            if value is not None and (entry := from_stored(self.kind, value, self.policy, now)) is not None
        }

    def _keep(self, key: str, entry: Entry) -> None:
        if key not in self._invalidated:
            self._memory.put(key, entry)

    def _timeout(self, now: int) -> Entry:
        return fresh_entry(self.kind, LookupResult(status="timeout", source=self.source.name), self.policy, now)

    def _redis_key(self, key: str) -> str:
        """Keys are hashed: they may be long, and addresses do not belong in the names of a database."""
        digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        return f"lk:{self.kind}:{self.source.name}:{self._version or '-'}:{digest}"
