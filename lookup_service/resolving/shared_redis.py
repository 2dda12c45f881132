"""The Redis that all processes share, for cached results and features. While it is down, requests skip it."""

import asyncio
import math
import time
from collections.abc import Sequence
from typing import cast

import structlog
from redis.exceptions import RedisError, ResponseError

from lookup_service.sources.protocol import SourceState
from lookup_service.sources.redis.mget import MgetClient, RedisUnreachableError

PROBE_EVERY_S = 0.5
"""While Redis is down, a background task of the process probes it at this interval; requests do not."""
MAX_PENDING_WRITES = 20_000
"""Most values that wait to be written; further ones are dropped, which loses only copies."""
WRITES_PER_PIPELINE = 1000

log = structlog.get_logger(__name__)
Write = tuple[str, bytes, int]
"""(key, value, time to live in ms)"""


class SharedRedis:
    """Only the first request to a hanging Redis waits for the timeout; later requests skip Redis until it is back."""

    def __init__(self, url: str, *, timeout_s: float, name: str = "redis", patience_s: float = 0.0) -> None:
        """Connects on first use.

        :param name: in ``/readyz`` and metrics.
        :param patience_s: a read that fails makes later requests skip Redis only if none has succeeded for this long.
        """
        self.name = name
        self._patience_s = patience_s
        self._read_at = -math.inf
        self._client = MgetClient(url, timeout_s=timeout_s)
        self._timeout_s = timeout_s
        self._is_down = False
        self._probe: asyncio.Task[None] | None = None
        self._pending: list[Write] = []
        self._writer: asyncio.Task[None] | None = None
        self.dropped_writes = 0

    async def get(self, keys: Sequence[str]) -> list[bytes | None] | None:
        """One value per key, None for an absent key; None in place of the list if Redis is down."""
        if self._is_down:
            return None
        try:
            values = await self._client.get(keys)
        except (TimeoutError, RedisUnreachableError):
            if time.monotonic() - self._read_at >= self._patience_s:
                self._mark_down()
            return None
        self._read_at = time.monotonic()
        return values

    async def get_alone(self, key: str) -> bytes | None:
        """One value in a command of its own, so that a large one delays no others; None also if Redis is down."""
        if self._is_down:
            return None
        try:
            async with asyncio.timeout(self._timeout_s):
                return cast("bytes | None", await self._client.redis.get(key))
        except ResponseError:  # a value of another type, or a command that is not allowed: Redis is up
            return None
        except (TimeoutError, RedisError, OSError):
            return None

    def put(self, writes: Sequence[Write]) -> None:
        """Queues the values for writing in the background."""
        if self._is_down or len(self._pending) + len(writes) > MAX_PENDING_WRITES:
            self.dropped_writes += len(writes)
            return
        self._pending += writes
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())

    async def delete(self, keys: Sequence[str]) -> int | None:
        """Number of keys that existed; None if Redis is down."""
        if self._is_down:
            return None
        deleted = set(keys)
        self._pending = [write for write in self._pending if write[0] not in deleted]
        try:
            async with asyncio.timeout(self._timeout_s):
                if self._writer is not None:  # its current batch may contain one of the keys
                    await asyncio.wait([self._writer])
                return cast("int", await self._client.redis.delete(*keys))
        except (TimeoutError, RedisError, OSError):
            self._mark_down()
            return None

    async def check(self) -> SourceState:
        return await self._client.check()

    async def close(self) -> None:
        """Drops the pending writes."""
        tasks = [task for task in (self._probe, self._writer) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._client.close()

    async def _write(self) -> None:
        try:
            while self._pending:
                batch, self._pending = self._pending[:WRITES_PER_PIPELINE], self._pending[WRITES_PER_PIPELINE:]
                async with asyncio.timeout(self._timeout_s):
                    async with self._client.redis.pipeline(transaction=False) as pipe:
                        for key, value, ttl_ms in batch:
                            pipe.set(key, value, px=max(ttl_ms, 1))
                        await pipe.execute(raise_on_error=False)
        except (TimeoutError, RedisError, OSError):
            self.dropped_writes += len(self._pending)
            self._pending.clear()
            self._mark_down()
        finally:
            self._writer = None

    def _mark_down(self) -> None:
        if not self._is_down:
            self._is_down = True
            log.warning("shared_redis_skipped")
            self._probe = asyncio.create_task(self._probe_until_up())

    async def _probe_until_up(self) -> None:
        while True:
            await asyncio.sleep(PROBE_EVERY_S)
            if (await self.check()).state == "ok":
                self._is_down = False
                log.info("shared_redis_back")
                return
