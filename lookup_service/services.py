"""What one running application holds, opened and closed together."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from contracts.lookup_api.lookups import KINDS, Kind
from lookup_service.endpoints import readiness
from lookup_service.metrics import Metrics
from lookup_service.resolving.caching.cached_source import CachedSource
from lookup_service.resolving.caching.merged import MergedSources
from lookup_service.resolving.resolver import KindLookup, Resolver
from lookup_service.resolving.shared_redis import SharedRedis
from lookup_service.settings import Settings
from lookup_service.sources.sources_file import Declared, SourcesFileError, read_sources

LOOK_EVERY_S = 5.0
"""So often the data of each source is looked at for a new build, though nobody asks."""


@dataclass(frozen=True, kw_only=True)
class Services:
    settings: Settings
    sources: Sequence[CachedSource]
    redis: SharedRedis
    resolver: Resolver
    metrics: Metrics
    check: readiness.Checks
    """What ``/readyz`` and ``/metrics`` report."""


@asynccontextmanager
async def open_services(settings: Settings, metrics: Metrics) -> AsyncIterator[Services]:
    """Raises SourcesFileError. Redis and databases may be down: they are connected to on first use."""
    async with AsyncExitStack() as opened:
        redis = SharedRedis(str(settings.redis_url.get_secret_value()), timeout_s=settings.redis_timeout_ms / 1000)
        opened.push_async_callback(redis.close)
        sources: list[CachedSource] = []
        for declared in read_sources(settings.sources_path):
            cached = await _open(declared, redis)
            opened.push_async_callback(cached.close)
            _refuse_a_second(declared, cached, sources)
            sources.append(cached)
        resolver = Resolver(_by_kind(sources))
        check = _checks(settings, sources, redis)
        opened.callback(check.close)
        services = Services(
            settings=settings, sources=sources, redis=redis, resolver=resolver, metrics=metrics, check=check
        )
        looking = asyncio.create_task(_look(services))
        opened.callback(looking.cancel)
        yield services


def _checks(settings: Settings, sources: Sequence[CachedSource], redis: SharedRedis) -> readiness.Checks:
    required = [cached.source for cached in sources]
    return readiness.Checks(lambda: readiness.check(required, [redis], timeout_s=settings.check_timeout_ms / 1000))


async def _open(declared: Declared, redis: SharedRedis) -> CachedSource:
    try:
        source = declared.type.open(declared.options)
        if inspect.isawaitable(source):
            source = await source
    except Exception as error:  # whatever a strange file makes a library raise
        reason = type(error).__name__ if isinstance(error, OSError) else str(error) or type(error).__name__
        raise SourcesFileError(f"source {declared.number}: {declared.type_name}: {reason}") from error
    return CachedSource(source, declared.cache, redis, local=declared.type.is_local)


def _refuse_a_second(declared: Declared, cached: CachedSource, before: Sequence[CachedSource]) -> None:
    """Answers are kept by kind and name."""
    if any((other.kind, other.source.name) == (cached.kind, cached.source.name) for other in before):
        raise SourcesFileError(f"source {declared.number}: name: a source of this kind before it has the same one")


def _by_kind(sources: Sequence[CachedSource]) -> dict[Kind, KindLookup]:
    by_kind: dict[Kind, KindLookup] = {}
    for kind in KINDS:
        parts = [cached for cached in sources if cached.kind == kind]
        if parts:
            by_kind[kind] = parts[0] if len(parts) == 1 else MergedSources(parts)
    return by_kind


async def _look(services: Services) -> None:
    while True:
        services.resolver.follow_data()
        services.metrics.observe(services.sources)
        await asyncio.sleep(LOOK_EVERY_S)
