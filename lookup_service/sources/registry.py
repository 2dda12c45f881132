"""Every type of source by its name in the file of sources. A new source is a new module and one entry here."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import msgspec

from lookup_service.caching.policy import MEMORY_ONLY, CachePolicy
from lookup_service.sources import city_source, redis_profiles
from lookup_service.sources.protocol import Source


@dataclass(frozen=True, kw_only=True)
class SourceType:
    options: type[msgspec.Struct]
    """The entry's keys but for ``type`` and ``cache``."""
    open: Callable[[Any], Source | Awaitable[Source]]
    """From those options. Raises OSError, ValueError or UnusableFileError where that cannot be."""
    is_local: bool = False
    """Answers by computing or from its own memory: never waits."""
    cache: CachePolicy = CachePolicy()  # noqa: RUF009  # frozen
    """Where the entry says nothing else."""


REGISTRY: Mapping[str, SourceType] = MappingProxyType(
    {
        "geoip_city": SourceType(
            options=city_source.CityOptions, open=city_source.open_city, is_local=True, cache=MEMORY_ONLY
        ),
        "redis_profiles": SourceType(
            options=redis_profiles.ProfileOptions,
            open=redis_profiles.open_profiles,
            # Redis already: a second copy there gains nothing.
            cache=CachePolicy(ttl_s=60, negative_ttl_s=10, shared=False),
        ),
    }
)
