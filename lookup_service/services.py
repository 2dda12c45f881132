"""What one running application holds, opened and closed together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, nullcontext
from dataclasses import dataclass

from contracts.lookup import Kind
from lookup_service import readiness
from lookup_service.metrics import Metrics
from lookup_service.resolver import Resolver
from lookup_service.settings import Settings
from lookup_service.sources.geoip import GeoipSource, NoGeoip
from lookup_service.sources.mget import MgetClient
from lookup_service.sources.protocol import Source
from lookup_service.sources.redis_profiles import RedisProfiles


@dataclass(frozen=True, kw_only=True)
class Services:
    settings: Settings
    sources: dict[Kind, Source]
    resolver: Resolver
    metrics: Metrics

    async def check(self) -> readiness.Readiness:
        return await readiness.check(self.sources.values(), timeout_s=self.settings.check_timeout_ms / 1000)


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Raises NotACityDatabaseError or OSError; Redis may be down, it is connected to on first use."""
    with _open_geoip(settings) as geoip:
        client = MgetClient(str(settings.redis_url), timeout_s=settings.redis_timeout_ms / 1000)
        sources: dict[Kind, Source] = {
            "ip": geoip,
            "user": RedisProfiles("user", client),
            "listing": RedisProfiles("listing", client),
        }
        try:
            yield Services(settings=settings, sources=sources, resolver=Resolver(sources), metrics=Metrics())
        finally:
            await client.close()


def _open_geoip(settings: Settings) -> closing[GeoipSource] | nullcontext[NoGeoip]:
    if settings.geoip_city_path is None:
        return nullcontext(NoGeoip())
    return closing(
        GeoipSource(
            settings.geoip_city_path, cache_entries=settings.ip_cache_entries, cache_ttl_s=settings.ip_cache_ttl_s
        )
    )
