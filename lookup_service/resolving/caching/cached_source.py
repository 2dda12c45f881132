"""A cache around any source: process memory, then Redis, then the source, with each key fetched once at a time."""

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
    is_before_refresh,
    is_current,
    is_valid,
    to_stored,
)
from lookup_service.resolving.caching.single_flight import SingleFlight
from lookup_service.resolving.shared_redis import SharedRedis
from lookup_service.sources.cache_policy import CachePolicy
from lookup_service.sources.isolation import Isolation
from lookup_service.sources.protocol import Source

SOURCE_TIMEOUT_S = 30.0
"""Safety net for a source that does not bound its own time, as every source should."""

log = structlog.get_logger(__name__)


class CachedSource:
    def __init__(
        self,
        source: Source,
        policy: CachePolicy,
        redis: SharedRedis | None,
        *,
        local: bool,
        quick: bool = False,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        """
        :param local: the source answers from this process's memory, so it is queried directly, without a task.
        :param quick: the source answers as fast as Redis, and any number of keys.
        """
        self.source = source
        self.kind = source.kind
        self.policy = policy
        self.is_local = local and not policy.shared
        self._is_quick = local or quick
        self.keys_queried = 0
        """Keys that the source was queried for."""
        self._redis = redis if policy.shared else None
        self._clock = clock
        self._memory: TwoGenerationCache[Entry] = TwoGenerationCache(policy.memory_entries)
        self._version = source.data_version
        self._flights = SingleFlight(self._fetch_flight, name=source.name)
        self._invalidated: set[str] = set()
        """Keys invalidated while in flight: what their flight brings is not cached."""
        self._isolation = Isolation(policy.negative_ttl_s, clock=lambda: clock() / 1000)
        self._error_result = LookupResult(status="error", source=source.name)
        self._timeout_result = LookupResult(status="timeout", source=source.name)

    @property
    def entries(self) -> int:
        """Number of entries in memory."""
        return len(self._memory)

    def refresh_version(self) -> None:
        """Drops all entries if the source has a new build of its data. To be called before each batch."""
        version = self.source.data_version
        if version != self._version:
            self._version = version
            self._memory.clear()

    def get_cached(self, key: str, now: int) -> Entry | None:
        """The cached entry if it may be served now. An entry that is due for a refresh is fetched in the background."""
        entry = self._memory.get(key)
        if entry is None or now < entry.refresh_from_ms:
            return entry
        if now >= entry.refetch_from_ms:
            return None
        self._flights.request((key,))
        if now < entry.fresh_until_ms:
            return entry
        entry = as_stale(self.kind, entry, self.policy, now)
        self._memory.put(key, entry)
        return entry

    async def fetch(self, keys: Sequence[str]) -> Mapping[str, Entry]:
        """An entry for each of the keys, which :meth:`get_cached` had no entry for."""
        if not keys:
            return {}
        if self.is_local:
            return await self._query_source(keys)
        entries = await self._flights.get(keys)
        missing = [key for key in keys if key not in entries]
        return {**entries, **self.on_timeout(missing)} if missing else entries

    async def fetch_known(self, keys: Sequence[str]) -> dict[str, Entry]:
        """The current entries of those of the keys that have one in memory, in Redis or at a quick source.

        Many keys at once must not burden a slow source or one with a quota, so such a source is not asked.
        """
        now = self._clock()
        known = {key: entry for key in keys if (entry := self._memory.get(key)) is not None and is_current(entry, now)}
        unknown = [key for key in keys if key not in known]
        if unknown:
            found = await (self.fetch(unknown) if self._is_quick else self._read_redis(unknown))
            now = self._clock()
            known.update((key, entry) for key, entry in found.items() if is_current(entry, now))
        return known

    def on_timeout(self, keys: Iterable[str]) -> dict[str, Entry]:
        """Entries for keys whose fetch did not finish in time: the old entry as ``stale``, otherwise ``timeout``."""
        now = self._clock()
        entries = {}
        for key in keys:
            cached = self._memory.get(key)
            if cached is not None and cached.status in ("ok", "stale") and now < cached.usable_until_ms:
                entries[key] = as_stale(self.kind, cached, self.policy, now)
            else:
                entries[key] = self._timeout_entry(now)
        return entries

    async def invalidate(self, key: str) -> tuple[int, bool]:
        """Removes the key from both caches. Returns the number of copies removed, and False if Redis is unreachable."""
        if self._flights.is_in_flight(key):
            self._invalidated.add(key)
        removed = int(self._memory.drop(key))
        if self._redis is None:
            return removed, True
        from_redis = await self._redis.delete([self._redis_key(key)])
        return removed + (from_redis or 0), from_redis is not None

    async def close(self) -> None:
        await self._flights.close()
        await self.source.close()

    async def _fetch_flight(self, keys: Sequence[str]) -> Mapping[str, Entry]:
        entries = await self._read_redis(keys)
        now = self._clock()
        for key, entry in entries.items():
            if is_before_refresh(entry, now):
                self._put_in_memory(key, entry)
        to_query = [key for key in keys if key not in entries or not is_before_refresh(entries[key], now)]
        if to_query:
            try:
                async with asyncio.timeout(SOURCE_TIMEOUT_S):
                    entries.update(await self._query_source(to_query, entries))
            except TimeoutError:
                log.warning("source_gave_no_answer", source=self.source.name)
                entries.update({key: self._timeout_entry(now) for key in to_query})
        self._invalidated.difference_update(keys)
        return entries

    async def _query_source(self, keys: Sequence[str], in_redis: Mapping[str, Entry] | None = None) -> dict[str, Entry]:
        """Queries the source and fills the caches. A key that fails gets its old entry as ``stale`` if there is one."""
        version = self._version
        self.keys_queried += len(keys)
        results = await self._isolated_results(keys)
        now = self._clock()
        is_same_version = version == self._version == self.source.data_version
        entries: dict[str, Entry] = {}
        writes: list[tuple[str, bytes, int]] = []
        for key in keys:
            result = results.get(key, self._error_result)
            entry = fresh_entry(self.kind, result, self.policy, now)
            if result.status not in ("ok", "missing", "invalid"):
                old = self._memory.get(key) or (in_redis.get(key) if in_redis else None)
                if old is not None and old.status in ("ok", "stale") and now < old.usable_until_ms:
                    entry = as_stale(self.kind, old, self.policy, now)
            elif self._redis is not None and is_same_version and key not in self._invalidated:
                writes.append((self._redis_key(key), to_stored(entry), entry.usable_until_ms - now))
            entries[key] = entry
            if is_same_version:
                self._put_in_memory(key, entry)
        if self._redis is not None and writes:
            self._redis.put(writes)
        return entries

    async def _isolated_results(self, keys: Sequence[str]) -> Mapping[str, LookupResult]:
        """The source's result for each key, without keys that made the source fail and keys with an invalid result.

        A bug in the source or one bad record must not affect the results of other keys.
        """
        faults: list[Exception] = []

        async def query(some: Sequence[str]) -> Mapping[str, LookupResult]:
            try:
                results = await self.source.lookup(some)
                if len(results) != len(some):
                    raise ValueError("not one result per key")  # handled as any other exception of the source
            except Exception as error:
                faults.append(error)
                raise
            return dict(zip(some, results, strict=True))

        isolated = await self._isolation.run(keys, query, (Exception,))
        valid = {key: result for key, result in isolated.found.items() if is_valid(self.kind, result)}
        invalid_count = len(isolated.found) - len(valid)
        if invalid_count:
            log.warning("results_refused", source=self.source.name, kind=self.kind, count=invalid_count)
        if faults:
            self._log_fault(faults[0], count=len(keys) - len(isolated.found))
        return {**valid, **dict.fromkeys(isolated.skipped, self._timeout_result)}

    def _log_fault(self, error: Exception, *, count: int) -> None:
        """Logs type and code line only: the message and the traceback's last line may contain a key."""
        frame = traceback.extract_tb(error.__traceback__)[-1]
        at = f"{frame.filename.rpartition('/')[2]}:{frame.lineno}"
        log.error("source_failed", source=self.source.name, error_type=type(error).__name__, at=at, count=count)

    async def _read_redis(self, keys: Sequence[str]) -> dict[str, Entry]:
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

    def _put_in_memory(self, key: str, entry: Entry) -> None:
        if key not in self._invalidated:
            self._memory.put(key, entry)

    def _timeout_entry(self, now: int) -> Entry:
        return fresh_entry(self.kind, self._timeout_result, self.policy, now)

    def _redis_key(self, key: str) -> str:
        """The key is hashed: it may be long, and an address or an id must not be readable in Redis key names."""
        digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        return f"lk:{self.kind}:{self.source.name}:{self._version or '-'}:{digest}"
