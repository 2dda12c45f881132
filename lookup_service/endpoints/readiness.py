"""Asks every dependency, at once and each for a bounded time."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

import msgspec
import structlog

from lookup_service.sources.protocol import SourceState, State

log = structlog.get_logger(__name__)

USABLE: frozenset[State] = frozenset({"ok", "refused_update"})


class Checked(Protocol):
    @property
    def name(self) -> str:
        """What ``/readyz`` and metrics call it; one that several share is asked once."""

    async def check(self) -> SourceState:
        """Whether it works now."""


class Dependency(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    state: State
    latency_ms: float
    data_version: str | None = None


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    ready: bool
    """Every source answers. The Redis of the cache need not: without it answers are slower, and features absent."""
    dependencies: dict[str, Dependency]


KEEP_S = 1.0
"""So long an answer is given again: anyone may ask, as often as they like."""


class Checks:
    """At most one look at the dependencies is under way, and at most one a second."""

    def __init__(self, look: Callable[[], Awaitable[Readiness]]) -> None:
        self._look = look
        self._under_way: asyncio.Task[Readiness] | None = None
        self._known: Readiness | None = None
        self._known_at = 0.0

    async def __call__(self) -> Readiness:
        if self._known is not None and time.monotonic() - self._known_at < KEEP_S:
            return self._known
        if self._under_way is None or self._under_way.done():
            self._under_way = asyncio.create_task(self._renew())
        return await asyncio.shield(self._under_way)  # who goes away does not take it from the others

    def close(self) -> None:
        if self._under_way is not None:
            self._under_way.cancel()

    async def _renew(self) -> Readiness:
        self._known = await self._look()
        self._known_at = time.monotonic()
        return self._known


async def check(required: Iterable[Checked], optional: Iterable[Checked], *, timeout_s: float) -> Readiness:
    needed = {dependency.name: dependency for dependency in required}
    by_name = {dependency.name: dependency for dependency in optional} | needed
    states = await asyncio.gather(*(_check(dependency, timeout_s) for dependency in by_name.values()))
    found = dict(zip(by_name, states, strict=True))
    return Readiness(ready=all(found[name].state in USABLE for name in needed), dependencies=found)


async def _check(dependency: Checked, timeout_s: float) -> Dependency:
    started = time.perf_counter()
    try:
        async with asyncio.timeout(timeout_s):
            found = await dependency.check()
    except TimeoutError:
        found = SourceState(state="timeout")
    except Exception as error:  # a bug in one must take no other's state with it
        log.error("check_failed", source=dependency.name, error_type=type(error).__name__)
        found = SourceState(state="unreachable")
    latency_ms = round((time.perf_counter() - started) * 1000, 3)
    return Dependency(state=found.state, latency_ms=latency_ms, data_version=found.data_version)
