"""Answers a batch of typed keys: grouped by kind, asked of the sources at once, put back in order, in time."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

import structlog

from contracts.lookup import Kind, LookupKey, LookupResult, Status
from lookup_service.sources.protocol import Source

log = structlog.get_logger(__name__)


class Resolver:
    def __init__(self, sources: Mapping[Kind, Source]) -> None:
        """One source for every kind."""
        self._sources = sources

    async def resolve(self, keys: Sequence[LookupKey], *, budget_s: float) -> list[LookupResult]:
        """One result per key, in order. What a source has not answered within the budget is a ``timeout``."""
        if not keys:
            return []
        groups: dict[Kind, dict[str, None]] = {}
        for key in keys:  # a key asked for twice is looked up once
            groups.setdefault(key.kind, {})[key.key] = None
        tasks = {
            kind: asyncio.create_task(_ask(self._sources[kind], list(distinct))) for kind, distinct in groups.items()
        }
        try:
            await asyncio.wait(tasks.values(), timeout=max(budget_s, 0))
            answers = {
                kind: task.result() if task.done() else _all(groups[kind], "timeout", self._sources[kind])
                for kind, task in tasks.items()
            }
        finally:
            for task in tasks.values():
                task.cancel()
        return [answers[key.kind][key.key] for key in keys]


async def _ask(source: Source, keys: list[str]) -> dict[str, LookupResult]:
    try:
        return dict(zip(keys, await source.lookup(keys), strict=True))
    except Exception as error:  # a bug in one source must not take the other kinds' answers with it
        log.exception("source_failed", source=source.name, error_type=type(error).__name__)
        return _all(keys, "error", source)


def _all(keys: Iterable[str], status: Status, source: Source) -> dict[str, LookupResult]:
    return dict.fromkeys(keys, LookupResult(status=status, source=source.name))
