"""The sources, caches and connections of one running application, opened and closed together."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from common.rule_folder import RuleFolderError
from contracts.lookup_api.lookups import KINDS, Kind
from core.features.model import FeatureSet
from core.risk.rules.rule_set import RuleSet
from lookup_service.features.declarations import FeatureFileError, read_feature_file
from lookup_service.metrics import Metrics
from lookup_service.readiness import CachedReadiness, check_dependencies
from lookup_service.resolving.caching.cached_source import CachedSource
from lookup_service.resolving.caching.merged import MergedSources
from lookup_service.resolving.recent_keys import RecentKeys
from lookup_service.resolving.resolver import KindLookup, Resolver
from lookup_service.resolving.shared_redis import SharedRedis
from lookup_service.risk.rules_in_use import RulesInUse, rules_of
from lookup_service.settings import RedisUrl, Settings, SettingsError
from lookup_service.sources.sources_file import SourceDeclaration, SourcesFileError, read_sources

REFRESH_INTERVAL_S = 5.0
"""Interval at which every source is checked for a new build of its data, and remembered keys for their age, even
without requests."""

PATIENCE_S = 1.0
"""Without an answer from Redis for this long, ``/v1/risk`` and the features skip it until it answers a probe."""


@dataclass(frozen=True, kw_only=True)
class Services:
    settings: Settings
    sources: Sequence[CachedSource]
    redis: SharedRedis
    resolver: Resolver
    recent: RecentKeys
    metrics: Metrics
    readiness: CachedReadiness
    """The state that ``/readyz`` and ``/metrics`` report."""
    risk_redis: SharedRedis
    """With the state of the job account_security."""
    rules: RulesInUse
    features_redis: SharedRedis
    """With the states of features."""
    features: FeatureSet | None
    """None: no file of features is set."""


@asynccontextmanager
async def open_services(settings: Settings, metrics: Metrics) -> AsyncIterator[Services]:
    """Raises SourcesFileError and SettingsError. Redis and databases may be down: they are connected on first use."""
    async with AsyncExitStack() as stack:
        redis = SharedRedis(str(settings.redis_url.get_secret_value()), timeout_s=settings.redis_timeout_ms / 1000)
        stack.push_async_callback(redis.close)
        sources: list[CachedSource] = []
        for declaration in read_sources(settings.sources_path):
            cached = await _open(declaration, redis)
            stack.push_async_callback(cached.close)
            _reject_duplicate(declaration, cached, sources)
            sources.append(cached)
        risk_redis = _redis_of(settings, settings.risk_redis_url, "risk_redis")
        stack.push_async_callback(risk_redis.close)
        features_redis = _redis_of(settings, settings.features_redis_url, "features_redis")
        stack.push_async_callback(features_redis.close)
        rules = RulesInUse(risk_redis, metrics, read_rules(settings))
        readiness = _readiness(settings, sources, [features_redis, risk_redis, redis])
        stack.callback(readiness.close)
        services = Services(
            settings=settings,
            sources=sources,
            redis=redis,
            resolver=Resolver(_by_kind(sources)),
            recent=RecentKeys(settings.recent_keys, settings.recent_s),
            metrics=metrics,
            readiness=readiness,
            risk_redis=risk_redis,
            rules=rules,
            features_redis=features_redis,
            features=read_features(settings),
        )
        following = asyncio.create_task(rules.follow())
        stack.callback(following.cancel)
        refreshing = asyncio.create_task(_refresh_periodically(services))
        stack.callback(refreshing.cancel)
        yield services


def read_rules(settings: Settings) -> RuleSet | None:
    """The rules that the settings name. Raises SettingsError."""
    if settings.rules_path is None:
        return None
    try:
        found = rules_of(settings.rules_path)
    except RuleFolderError as error:
        raise SettingsError(f"LOOKUP_RULES_PATH: {error}") from error
    if not isinstance(found, RuleSet):
        raise SettingsError(f"LOOKUP_RULES_PATH: {'; '.join(map(str, found))}")
    return found


def read_features(settings: Settings) -> FeatureSet | None:
    """The features that the settings name. Raises SettingsError."""
    if settings.features_path is None:
        return None
    try:
        return read_feature_file(settings.features_path)
    except FeatureFileError as error:
        raise SettingsError(f"LOOKUP_FEATURES_PATH: {error}") from error


def _redis_of(settings: Settings, url: RedisUrl | None, name: str) -> SharedRedis:
    """A client of its own, also for the same Redis: its values are large, and to skip it costs more than a cache."""
    return SharedRedis(
        str((url or settings.redis_url).get_secret_value()),
        timeout_s=settings.redis_timeout_ms / 1000,
        name="redis" if url is None else name,
        patience_s=PATIENCE_S,
    )


def _readiness(settings: Settings, sources: Sequence[CachedSource], stores: Sequence[SharedRedis]) -> CachedReadiness:
    required = [cached.source for cached in sources]
    timeout_s = settings.check_timeout_ms / 1000
    return CachedReadiness(lambda: check_dependencies(required, stores, timeout_s=timeout_s))


async def _open(declaration: SourceDeclaration, redis: SharedRedis) -> CachedSource:
    try:
        source = declaration.type.open(declaration.options)
        if inspect.isawaitable(source):
            source = await source
    except Exception as error:  # a malformed data file can make a library raise anything
        reason = type(error).__name__ if isinstance(error, OSError) else str(error) or type(error).__name__
        raise SourcesFileError(f"source {declaration.number}: {declaration.type_name}: {reason}") from error
    type_ = declaration.type
    # Types whose answers are not kept in Redis by default gain nothing by it, because they are as fast.
    return CachedSource(source, declaration.cache, redis, local=type_.is_local, quick=not type_.cache.shared)


def _reject_duplicate(declaration: SourceDeclaration, cached: CachedSource, before: Sequence[CachedSource]) -> None:
    """Two sources of one kind and name would share their entries in Redis."""
    if any((other.kind, other.source.name) == (cached.kind, cached.source.name) for other in before):
        raise SourcesFileError(f"source {declaration.number}: name: already used by an earlier source of this kind")


def _by_kind(sources: Sequence[CachedSource]) -> dict[Kind, KindLookup]:
    by_kind: dict[Kind, KindLookup] = {}
    for kind in KINDS:
        parts = [cached for cached in sources if cached.kind == kind]
        if parts:
            by_kind[kind] = parts[0] if len(parts) == 1 else MergedSources(parts)
    return by_kind


async def _refresh_periodically(services: Services) -> None:
    while True:
        services.resolver.refresh_versions()
        services.recent.drop_aged()
        services.metrics.observe_sources(services.sources)
        services.metrics.observe_recent_keys(len(services.recent))
        await asyncio.sleep(REFRESH_INTERVAL_S)
