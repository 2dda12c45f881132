"""Cost of a key in the lookup service, by where its value is found: in memory, in Redis, at the source."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from rich.table import Table

from assurance.bench.lookups import uvloop_runner
from assurance.bench.source_costs import sources
from contracts.lookup_api.lookups import LookupKey
from local_stack.lookup.geoip import ensure_city_database
from local_stack.lookup.redis import Redis
from lookup_service.endpoints.lookup import encode
from lookup_service.resolving.caching.cached_source import CachedSource
from lookup_service.resolving.resolver import Resolver
from lookup_service.resolving.shared_redis import SharedRedis
from lookup_service.sources.cache_policy import CachePolicy
from lookup_service.sources.mmdb.city import CityOptions, open_city
from lookup_service.sources.protocol import Source
from lookup_service.sources.registry import REGISTRY

SECONDS = 1.0
POLICY = CachePolicy(jitter=0, ttl_s=36000, negative_ttl_s=36000)


def table() -> Table:
    """µs per key on one core, in batches of 256, from the decoded key to the encoded response."""
    found = Table("source", "in memory", "in Redis", "at the source", "at the source, no such record")
    with TemporaryDirectory() as folder, uvloop_runner() as runner:
        redis = Redis(Path(folder))
        redis.start()
        try:
            for row in runner.run(_rows(Path(folder), redis.url)):
                found.add_row(*row)
        finally:
            redis.stop()
    return found


async def _rows(folder: Path, redis_url: str) -> list[tuple[str, ...]]:
    redis = SharedRedis(redis_url, timeout_s=5)
    rows = []
    city = open_city(CityOptions(path=ensure_city_database()))
    addresses = [f"{n % 200 + 1}.{n % 7 * 9}.{n % 251}.9" for n in range(256)]
    private = [f"10.0.{n % 251}.{n % 200}" for n in range(256)]
    every = [("geoip_city", city, addresses, private), *sources(folder, None)]
    for name, source, keys, unknown in every:
        local = REGISTRY[name.split(",", maxsplit=1)[0]].is_local
        in_memory, at_source = await _costs(source, keys, local=local)
        _, missing = await _costs(source, unknown, local=local)
        in_redis = await _redis_cost(source, keys, redis)
        rows.append((name, *(f"{cost:.2f}" for cost in (in_memory, in_redis, at_source, missing))))
        await source.close()
    await redis.close()
    return rows


async def _costs(source: Source, keys: Sequence[str], *, local: bool) -> tuple[float, float]:
    asked = [LookupKey(source.kind, key) for key in keys]
    alone = msgspec.structs.replace(POLICY, shared=False)
    warm = Resolver({source.kind: CachedSource(source, alone, None, local=local)})
    none = msgspec.structs.replace(alone, memory_entries=0)
    cold = Resolver({source.kind: CachedSource(source, none, None, local=local)})
    return await _best(lambda: _ask(warm, asked), len(keys)), await _best(lambda: _ask(cold, asked), len(keys))


async def _redis_cost(source: Source, keys: Sequence[str], redis: SharedRedis) -> float:
    asked = [LookupKey(source.kind, key) for key in keys]
    policy = msgspec.structs.replace(POLICY, memory_entries=0)
    resolver = Resolver({source.kind: CachedSource(source, policy, redis, local=False)})
    await _ask(resolver, asked)
    await asyncio.sleep(0.2)
    return await _best(lambda: _ask(resolver, asked), len(keys))


async def _ask(resolver: Resolver, keys: Sequence[LookupKey]) -> None:
    encode(await resolver.resolve(keys, budget_s=60))


async def _best(function: Callable[[], Awaitable[None]], keys: int) -> float:
    """µs per key: the fastest run within a second, because other work on the machine can only slow a run down."""
    await function()
    best, until = float("inf"), time.perf_counter() + SECONDS
    while time.perf_counter() < until:
        began = time.perf_counter()
        await function()
        best = min(best, time.perf_counter() - began)
    return best / keys * 1e6
