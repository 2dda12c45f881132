"""Asks every dependency, at once and each for a bounded time."""

import asyncio
import time
from collections.abc import Iterable
from typing import Protocol

import msgspec

from lookup_service.sources.protocol import SourceState, State

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
    latency_ms = round((time.perf_counter() - started) * 1000, 3)
    return Dependency(state=found.state, latency_ms=latency_ms, data_version=found.data_version)
