"""A cache around a source, with a clock that the test moves."""

import asyncio
import contextlib
from pathlib import Path
from types import CodeType

import msgspec

from deploy.paths import PROJECT
from lookup_service.resolving.caching.cached_source import CachedSource
from lookup_service.resolving.caching.entry import Entry
from lookup_service.resolving.shared_redis import SharedRedis
from lookup_service.sources.cache_policy import CachePolicy
from tests.lookup_service.fake_sources import Fake

POLICY = CachePolicy(ttl_s=100, negative_ttl_s=10, error_ttl_s=2, stale_s=50, jitter=0, memory_s=1000)
ALONE = msgspec.structs.replace(POLICY, shared=False)


class Clock:
    """Milliseconds, moved by the test."""

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
    """One key's entry, obtained in the same way as by the resolver."""
    cache.refresh_version()
    return cache.get_cached(key, clock()) or (await cache.fetch([key]))[key]


async def settle() -> None:
    """Waits until the service's background tasks, Redis included, have ended or wait for a source."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(1):
            await _turns()
            while background := [task for task in asyncio.all_tasks() if _is_the_services(task)]:
                await asyncio.wait(background)
                await _turns()


async def _turns() -> None:
    """Runs the event loop until no task can continue without I/O."""
    for _ in range(20):
        await asyncio.sleep(0)


def _is_the_services(task: "asyncio.Task[object]") -> bool:
    code: CodeType = getattr(task.get_coro(), "cr_code")  # noqa: B009  # not declared by the coroutine's type
    return Path(code.co_filename).is_relative_to(PROJECT / "lookup_service")
