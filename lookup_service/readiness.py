"""Readiness: checks all dependencies in parallel, each within a time limit."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

import msgspec
import structlog

from lookup_service.sources.protocol import SourceState, State

log = structlog.get_logger(__name__)

USABLE: frozenset[State] = frozenset({"ok", "refused_update"})


class Checkable(Protocol):
    @property
    def name(self) -> str:
        """Name in ``/readyz`` and metrics. Dependencies with the same name are checked once."""

    async def check(self) -> SourceState:
        """Probe the dependency."""


class Dependency(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    state: State
    latency_ms: float
    data_version: str | None = None


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    ready: bool
    """Every source works. The shared Redis is optional: without it lookups are slower and features unavailable."""
    dependencies: dict[str, Dependency]


CACHE_S = 1.0
"""How long a result is reused: the endpoint needs no API key, so anyone may call it at any rate."""


class CachedReadiness:
    """Runs at most one check at a time and at most one per :data:`CACHE_S`."""

    def __init__(self, check: Callable[[], Awaitable[Readiness]]) -> None:
        self._check = check
        self._running: asyncio.Task[Readiness] | None = None
        self._latest: Readiness | None = None
        self._latest_at = 0.0

    async def get(self) -> Readiness:
        if self._latest is not None and time.monotonic() - self._latest_at < CACHE_S:
            return self._latest
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._renew())
        return await asyncio.shield(self._running)  # cancelling one caller must not cancel the check for the others

    def close(self) -> None:
        if self._running is not None:
            self._running.cancel()

    async def _renew(self) -> Readiness:
        self._latest = await self._check()
        self._latest_at = time.monotonic()
        return self._latest


async def check_dependencies(
    required: Iterable[Checkable], optional: Iterable[Checkable], *, timeout_s: float
) -> Readiness:
    required_by_name = {dependency.name: dependency for dependency in required}
    by_name = {dependency.name: dependency for dependency in optional} | required_by_name
    states = await asyncio.gather(*(_check(dependency, timeout_s) for dependency in by_name.values()))
    found = dict(zip(by_name, states, strict=True))
    return Readiness(ready=all(found[name].state in USABLE for name in required_by_name), dependencies=found)


async def _check(dependency: Checkable, timeout_s: float) -> Dependency:
    started = time.perf_counter()
    try:
        async with asyncio.timeout(timeout_s):
            found = await dependency.check()
    except TimeoutError:
        found = SourceState(state="timeout")
    except Exception as error:  # a bug in one dependency's check must not hide the states of the others
        log.error("check_failed", source=dependency.name, error_type=type(error).__name__)
        found = SourceState(state="unreachable")
    latency_ms = round((time.perf_counter() - started) * 1000, 3)
    return Dependency(state=found.state, latency_ms=latency_ms, data_version=found.data_version)
