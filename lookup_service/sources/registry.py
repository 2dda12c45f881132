"""The table of source types, by their name in the sources file. A new source is a new module and one entry here."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import msgspec

from lookup_service.sources.address_ranges import AddressRangesOptions, open_address_ranges
from lookup_service.sources.cache_policy import MEMORY_ONLY, CachePolicy
from lookup_service.sources.derived import (
    CampaignOptions,
    ReferrerOptions,
    UserAgentOptions,
    open_campaign,
    open_referrer,
    open_user_agent,
)
from lookup_service.sources.http.api import HttpApiOptions, open_http_api
from lookup_service.sources.mmdb.city import CityOptions, open_city
from lookup_service.sources.mmdb.network import MmdbNetworkOptions, open_mmdb_network
from lookup_service.sources.protocol import Source
from lookup_service.sources.redis.profiles import ProfileOptions, open_profiles
from lookup_service.sources.sql.postgresql import PostgresqlOptions, open_postgresql
from lookup_service.sources.sql.sqlite import SqliteOptions, open_sqlite


@dataclass(frozen=True)
class SourceType:
    options: type[msgspec.Struct]
    """The keys of a ``[[source]]`` entry except ``type`` and ``cache``."""
    open: Callable[[Any], Source | Awaitable[Source]]
    """Opens a source with those options. Raises OSError, ValueError or UnusableFileError."""
    is_local: bool = False
    """The source computes or reads its own memory, so ``lookup`` never waits for I/O."""
    cache: CachePolicy = CachePolicy()  # noqa: RUF009  # frozen
    """Defaults of the table ``[source.cache]``."""


PROCESS_CACHE = CachePolicy(ttl_s=60, negative_ttl_s=10, shared=False)
"""For sources as fast as Redis: a second copy in Redis gains nothing."""

REGISTRY: Mapping[str, SourceType] = MappingProxyType(
    {
        "geoip_city": SourceType(CityOptions, open_city, is_local=True, cache=MEMORY_ONLY),
        "mmdb_network": SourceType(MmdbNetworkOptions, open_mmdb_network, is_local=True, cache=MEMORY_ONLY),
        "address_ranges": SourceType(AddressRangesOptions, open_address_ranges, is_local=True, cache=MEMORY_ONLY),
        "user_agent": SourceType(UserAgentOptions, open_user_agent, is_local=True, cache=MEMORY_ONLY),
        "referrer": SourceType(ReferrerOptions, open_referrer, is_local=True, cache=MEMORY_ONLY),
        "campaign": SourceType(CampaignOptions, open_campaign, is_local=True, cache=MEMORY_ONLY),
        "postgresql": SourceType(PostgresqlOptions, open_postgresql, cache=CachePolicy(ttl_s=300, negative_ttl_s=30)),
        "sqlite": SourceType(SqliteOptions, open_sqlite, cache=PROCESS_CACHE),
        "redis_profiles": SourceType(ProfileOptions, open_profiles, cache=PROCESS_CACHE),
        "http_api": SourceType(HttpApiOptions, open_http_api, cache=CachePolicy(ttl_s=300, negative_ttl_s=30)),
    }
)
