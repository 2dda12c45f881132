"""A cache around a source, by a clock moved by hand."""

import asyncio

import msgspec

from lookup_service.caching.cached_source import CachedSource
from lookup_service.caching.entry import Entry
from lookup_service.caching.policy import CachePolicy
from lookup_service.shared_redis import SharedRedis
from tests.lookup_service.fake_sources import Fake

POLICY = CachePolicy(ttl_s=100, negative_ttl_s=10, error_ttl_s=2, stale_s=50, jitter=0, memory_s=1000)
ALONE = msgspec.structs.replace(POLICY, shared=False)


class Clock:
    """Milliseconds, moved by hand."""

    def __init__(self) -> None:
        self.now = 1_000_000

    def __call__(self) -> int:
        return self.now

    def pass_s(self, seconds: float) -> None:
        self.now += int(seconds * 1000)


def cached(
    source: Fake,
    clock: Clock,
    redis: SharedRedis | None = None,
    policy: CachePolicy | None = None,
    *,
    local: bool = False,
) -> CachedSource:
    return CachedSource(source, policy or (POLICY if redis else ALONE), redis, local=local, clock=clock)


async def get(cache: CachedSource, clock: Clock, key: str = "a") -> Entry:
    """As the resolver does it."""
    cache.follow_data()
    return cache.peek(key, clock()) or (await cache.ask([key]))[key]


async def settle() -> None:
    """Let what runs in the background, Redis included, come to its end."""
    await asyncio.sleep(0.05)
