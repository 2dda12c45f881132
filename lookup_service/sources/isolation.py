"""A question about many keys that one of them spoils: asked in halves, until the one is alone with its fault."""

import asyncio
import heapq
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from common.resilience.two_generation_cache import TwoGenerationCache

Answer = TypeVar("Answer")
Ask = Callable[[Sequence[str]], Awaitable[Mapping[str, Answer]]]
MOST_QUESTIONS = 512
"""In all, for one batch: forty spoilt keys of a thousand are found."""
MOST_S = 1.0
"""So long it is asked again; nobody waits longer for the sake of one key."""
MOST_REMEMBERED = 10_000


class Isolated(NamedTuple, Generic[Answer]):
    answers: dict[str, Answer]
    spoilt: list[str]
    """Could not be asked for, each alone, now or not long ago."""
    unasked: list[str]
    """Of groups that failed, when time or questions came to an end: they say nothing of any one key."""


class Isolation:
    """Remembers the keys that were alone with their fault: the next batch is asked without them."""

    def __init__(self, keep_s: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._keep_s = keep_s
        self._clock = clock
        self._until: TwoGenerationCache[float] = TwoGenerationCache(MOST_REMEMBERED)

    async def ask(self, keys: Sequence[str], ask: Ask[Answer], spoils: tuple[type[Exception], ...]) -> Isolated[Answer]:
        """What ``ask`` answers, and the keys that it could not be asked for. Raises what is not among ``spoils``."""
        known: list[str] = []
        if len(self._until) and len(keys) > 1:  # a key that is alone harms nobody
            now = self._clock()
            known = [key for key in keys if (until := self._until.get(key)) is not None and now < until]
        if known:
            left_out = frozenset(known)
            keys = [key for key in keys if key not in left_out]
        found = await _isolated(keys, ask, spoils)
        if found.answers and found.spoilt:  # where nothing is answered, it is hardly the keys
            until = self._clock() + self._keep_s
            for key in found.spoilt:
                self._until.put(key, until)
        found.spoilt.extend(known)
        return found


async def _isolated(keys: Sequence[str], ask: Ask[Answer], spoils: tuple[type[Exception], ...]) -> Isolated[Answer]:
    found = Isolated[Answer]({}, [], [])
    questions = 0
    until = time.monotonic() + MOST_S
    # The smallest first: a few keys are found for certain within the time, and the next batch does without them.
    waiting: list[tuple[int, int, Sequence[str]]] = [(len(keys), 0, keys)] if keys else []
    while waiting:
        _, place, group = heapq.heappop(waiting)
        if questions == MOST_QUESTIONS or (questions and time.monotonic() > until):
            found.unasked.extend(group)
            continue
        questions += 1
        try:
            found.answers.update(await ask(group))
        except spoils:
            if len(group) == 1:
                found.spoilt.extend(group)
                continue
            half = len(group) // 2
            for start, part in ((place, group[:half]), (place + half, group[half:])):
                heapq.heappush(waiting, (len(part), start, part))
            await asyncio.sleep(0)  # a source that computes would keep all others waiting
    return found
