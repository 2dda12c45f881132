"""Asks every dependency, at once and each for a bounded time."""

import asyncio
import time
from collections.abc import Iterable

import msgspec

from lookup_service.sources.protocol import Source, SourceState, State


class Dependency(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    state: State
    latency_ms: float
    data_version: str | None = None


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    ready: bool
    """Every dependency's state is ok."""
    dependencies: dict[str, Dependency]


async def check(sources: Iterable[Source], *, timeout_s: float) -> Readiness:
    """Sources of one name share a dependency, which is asked once."""
    by_name = {source.name: source for source in sources}
    states = await asyncio.gather(*(_check(source, timeout_s) for source in by_name.values()))
    return Readiness(
        ready=all(state.state == "ok" for state in states), dependencies=dict(zip(by_name, states, strict=True))
    )


async def _check(source: Source, timeout_s: float) -> Dependency:
    started = time.perf_counter()
    try:
        async with asyncio.timeout(timeout_s):
            found = await source.check()
    except TimeoutError:
        found = SourceState(state="timeout")
    latency_ms = round((time.perf_counter() - started) * 1000, 3)
    return Dependency(state=found.state, latency_ms=latency_ms, data_version=found.data_version)
