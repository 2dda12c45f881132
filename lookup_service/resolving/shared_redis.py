"""The Redis that all processes share: answers kept, and features. While it is down it is skipped, not waited for."""

import asyncio
from collections.abc import Sequence
from typing import cast

import structlog
from redis.exceptions import RedisError

from lookup_service.sources.protocol import SourceState
from lookup_service.sources.redis.mget import MgetClient, RedisUnreachableError

PROBE_EVERY_S = 0.5
"""While it is down, one process asks so often whether it is back; requests do not."""
MAX_UNWRITTEN = 20_000
"""Most values that wait to be written; further ones are dropped, they are only copies."""
WRITES_AT_ONCE = 1000

log = structlog.get_logger(__name__)
Write = tuple[str, bytes, int]
"""(key, value, time to live in ms)"""


class SharedRedis:
    """The first request that meets a hanging Redis waits for the timeout; the next ones do not even ask."""

    name = "redis"

    def __init__(self, url: str, *, timeout_s: float) -> None:
        """Connects on first use."""
        self._client = MgetClient(url, timeout_s=timeout_s)
        self._timeout_s = timeout_s
        self._is_down = False
        self._probe: asyncio.Task[None] | None = None
        self._unwritten: list[Write] = []
        self._writer: asyncio.Task[None] | None = None
        self.dropped_writes = 0

    async def get(self, keys: Sequence[str]) -> list[bytes | None] | None:
        """One value per key; None where Redis is down."""
        if self._is_down:
            return None
        try:
            return await self._client.get(keys)
        except (TimeoutError, RedisUnreachableError):
            self._went_down()
            return None

    def put(self, writes: Sequence[Write]) -> None:
        """Write soon, in the background."""
        if self._is_down or len(self._unwritten) + len(writes) > MAX_UNWRITTEN:
            self.dropped_writes += len(writes)
            return
        self._unwritten += writes
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())

    async def delete(self, keys: Sequence[str]) -> int | None:
        """How many there were; None where Redis is down."""
        if self._is_down:
            return None
        gone = set(keys)
        self._unwritten = [write for write in self._unwritten if write[0] not in gone]
        try:
            async with asyncio.timeout(self._timeout_s):
                if self._writer is not None:  # it may be about to write one of them
                    await asyncio.wait([self._writer])
                return cast("int", await self._client.redis.delete(*keys))
        except (TimeoutError, RedisError, OSError):
            self._went_down()
            return None

    async def check(self) -> SourceState:
        return await self._client.check()

    async def close(self) -> None:
        """What is not written yet is dropped."""
        tasks = [task for task in (self._probe, self._writer) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._client.close()

    async def _write(self) -> None:
        try:
            while self._unwritten:
                batch, self._unwritten = self._unwritten[:WRITES_AT_ONCE], self._unwritten[WRITES_AT_ONCE:]
                async with asyncio.timeout(self._timeout_s):
                    async with self._client.redis.pipeline(transaction=False) as pipe:
                        for key, value, ttl_ms in batch:
                            pipe.set(key, value, px=max(ttl_ms, 1))
                        await pipe.execute(raise_on_error=False)
        except (TimeoutError, RedisError, OSError):
            self.dropped_writes += len(self._unwritten)
            self._unwritten.clear()
            self._went_down()
        finally:
            self._writer = None

    def _went_down(self) -> None:
        if not self._is_down:
            self._is_down = True
            log.warning("shared_redis_skipped")
            self._probe = asyncio.create_task(self._ask_until_back())

    async def _ask_until_back(self) -> None:
        while True:
            await asyncio.sleep(PROBE_EVERY_S)
            if (await self.check()).state == "ok":
                self._is_down = False
                log.info("shared_redis_back")
                return
