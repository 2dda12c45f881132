"""Warm start: before a task takes events, its cache is filled with what it lately asked the lookup service for.

Nothing here may fail or delay a start: whatever the service does, the start goes on when the budget is spent, with what
has come until then. Without a result the cache is as it was: events ask for their keys.
"""

import asyncio
import random
import time
from dataclasses import dataclass
from typing import Literal

import aiohttp
import msgspec

from contracts.lookup_api.lookups import API_KEY_HEADER, DEADLINE_HEADER, MAX_VALUE_BYTES, LookupKey
from contracts.lookup_api.recent import LIMIT, MEDIA_TYPE, PATH, RecentResult
from enrichment_job.config import LookupConfig
from enrichment_job.lookups.completion import Completion

_GRACE_S = 0.05
"""For a loop that is busy when the budget is spent."""
_MOST_ANSWERS = 4
"""Behind a load balancer each process of the service has had a part of the requests, and knows the keys of these."""
_LONGEST_LINE = MAX_VALUE_BYTES + 4096
_SHORTEST_LIFE = 0.5
"""Results that came together must not expire together, or as many lookups would start at once. So each lives between
this part of its time to live and all of it."""
_decode_lines = msgspec.json.Decoder(RecentResult).decode_lines
_decode = msgspec.json.Decoder(RecentResult).decode

End = Literal["off", "complete", "out of time", "refused", "failed", "no lines"]
"""complete: the service had no more, or the limit was reached. refused: another status than 200, as from a service that
does not have the endpoint. failed: no connection, or it was lost. no lines: what came is not what the contract says."""


@dataclass(slots=True)
class WarmStart:
    """What became of it, and how it is logged: without any key."""

    end: End = "off"
    """Of the last answer."""
    kept: int = 0
    """Results that are in the cache now."""
    known: int = 0
    """Results that were in the cache already, from another process of the service."""
    ignored: int = 0
    """Results that were stale, failures, or outside the contract."""
    took_ms: int = 0

    def __str__(self) -> str:
        return f"warm start: {self.end}, {self.kept} results, {self.ignored} ignored, {self.took_ms} ms"


def warm_start(config: LookupConfig, completion: Completion, loop: asyncio.AbstractEventLoop) -> WarmStart:
    """Fills the cache, in the loop's thread, for ``warm_start_ms`` at the longest. Blocks; never raises."""
    found = WarmStart()
    budget_s = config.warm_start_ms / 1000
    if not budget_s:
        return found
    began = time.monotonic()
    found.end = "out of time"
    filling = asyncio.run_coroutine_threadsafe(_Filling(config, completion, found, began + budget_s).run(), loop)
    try:
        filling.result(budget_s + _GRACE_S)
    except TimeoutError:
        filling.cancel()
    found.took_ms = round((time.monotonic() - began) * 1000)
    return found


@dataclass(frozen=True, slots=True)
class _Filling:
    config: LookupConfig
    completion: Completion
    found: WarmStart
    until: float

    async def run(self) -> None:
        """Asks on a new connection each time, because behind it may be another process, which knows other keys."""
        found = self.found
        try:
            async with asyncio.timeout(self.until - time.monotonic()):
                for _ in range(_MOST_ANSWERS):
                    kept, others = found.kept, found.known + found.ignored
                    found.end = await self._receive()
                    is_nothing_new = found.kept == kept and found.known + found.ignored > others
                    if found.end != "complete" or is_nothing_new or found.kept >= self.config.warm_start_keys:
                        return
        except TimeoutError:
            found.end = "out of time"
        except Exception:  # a start must not fail because of it, whatever a service or a proxy sends
            found.end = "failed"

    async def _receive(self) -> End:
        """Reads one answer, up to the first block in which nothing is new: the same process has answered before."""
        config, found = self.config, self.found
        headers = {DEADLINE_HEADER: str(max(1, round((self.until - time.monotonic()) * 1000)))}
        if key := config.api_key.reveal():
            headers[API_KEY_HEADER] = key
        url, query = config.url.rstrip("/") + PATH, {LIMIT: str(config.warm_start_keys)}
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as session,
            session.get(url, params=query, headers=headers, allow_redirects=False) as response,
        ):
            if response.status != 200:
                return "refused"
            if response.content_type != MEDIA_TYPE:
                return "no lines"
            rest = b""
            async for block in response.content.iter_any():
                kept, known = found.kept, found.known
                lines, line_feed, rest = (rest + block).rpartition(b"\n")
                if line_feed:
                    self._keep(lines)
                if len(rest) > _LONGEST_LINE:
                    return "no lines"
                if found.kept >= config.warm_start_keys or (found.kept == kept and found.known > known):
                    break
                if time.monotonic() >= self.until:
                    return "out of time"
        return "complete"

    def _keep(self, lines: bytes) -> None:
        found, cache = self.found, self.completion.cache
        results, broken = _read(lines)
        found.ignored += broken
        now = time.monotonic()
        for each in results:
            if found.kept >= self.config.warm_start_keys:
                return
            share = random.uniform(_SHORTEST_LIFE, 1.0)
            if cache[each.kind].fresh(each.key, now) is not None:
                found.known += 1
            elif self.completion.keep_early(LookupKey(each.kind, each.key), each.result, now, share=share):
                found.kept += 1
            else:
                found.ignored += 1


def _read(lines: bytes) -> tuple[list[RecentResult], int]:
    """The results of the lines, and how many lines are none."""
    try:
        return _decode_lines(lines), 0
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    results: list[RecentResult] = []
    broken = 0
    for line in lines.split(b"\n"):
        try:
            results.append(_decode(line))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            broken += 1
    return results, broken
