"""Isolates the keys that make a query fail: a failed query is repeated in halves until each bad key is alone."""

import asyncio
import heapq
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from common.resilience.two_generation_cache import TwoGenerationCache

Row = TypeVar("Row")
Query = Callable[[Sequence[str]], Awaitable[Mapping[str, Row]]]
MAX_QUERIES = 512
"""For one batch: enough to isolate forty bad keys among a thousand."""
MAX_QUERY_S = 1.0
"""Time limit of the repeated queries of one batch, so that one bad key does not delay the other keys for longer."""
MAX_REMEMBERED = 10_000


class Isolated(NamedTuple, Generic[Row]):
    found: dict[str, Row]
    bad: list[str]
    """Keys whose query failed for that key alone, in this batch or within the last ``keep_s`` seconds."""
    skipped: list[str]
    """Keys of failed groups that were not split further because the time or the queries ran out; some may be good."""


class Isolation:
    """Remembers isolated bad keys for ``keep_s`` seconds and leaves them out of the next batches."""

    def __init__(self, keep_s: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._keep_s = keep_s
        self._clock = clock
        self._bad_until: TwoGenerationCache[float] = TwoGenerationCache(MAX_REMEMBERED)

    async def run(
        self, keys: Sequence[str], query: Query[Row], key_errors: tuple[type[Exception], ...]
    ) -> Isolated[Row]:
        """Runs ``query`` for the keys and isolates those that make it raise one of ``key_errors``. Raises any other
        exception of ``query``.
        """
        excluded: list[str] = []
        if len(self._bad_until) and len(keys) > 1:  # a single key cannot make the query fail for another key
            now = self._clock()
            excluded = [key for key in keys if (until := self._bad_until.get(key)) is not None and now < until]
        if excluded:
            excluded_set = frozenset(excluded)
            keys = [key for key in keys if key not in excluded_set]
        isolated = await _isolate(keys, query, key_errors)
        if isolated.found and isolated.bad:  # if every key failed, the cause is more likely the source than the keys
            until = self._clock() + self._keep_s
            for key in isolated.bad:
                self._bad_until.put(key, until)
        isolated.bad.extend(excluded)
        return isolated


async def _isolate(keys: Sequence[str], query: Query[Row], key_errors: tuple[type[Exception], ...]) -> Isolated[Row]:
    isolated = Isolated[Row]({}, [], [])
    queries = 0
    until = time.monotonic() + MAX_QUERY_S
    # Smallest group first: at least a few bad keys are isolated in time, and the next batch leaves them out.
    groups: list[tuple[int, int, Sequence[str]]] = [(len(keys), 0, keys)] if keys else []
    while groups:
        _, place, group = heapq.heappop(groups)
        if queries == MAX_QUERIES or (queries and time.monotonic() > until):
            isolated.skipped.extend(group)
            continue
        queries += 1
        try:
            isolated.found.update(await query(group))
        except key_errors:
            if len(group) == 1:
                isolated.bad.extend(group)
                continue
            half = len(group) // 2
            for start, part in ((place, group[:half]), (place + half, group[half:])):
                heapq.heappush(groups, (len(part), start, part))
            await asyncio.sleep(0)  # a source that only computes never yields to the event loop by itself
    return isolated
