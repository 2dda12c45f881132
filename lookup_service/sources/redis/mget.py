"""Reads values from Redis: all keys requested in one turn of the event loop go out as one MGET.

A batch with users and listings therefore costs one round trip, and many small requests share one.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import cast

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from common.resilience.batch_runner import BatchRunner
from lookup_service.sources.protocol import SourceState

MAX_KEYS = 5000
"""Most keys in one MGET (a single larger request exceeds it): Redis serves no other client during an MGET."""
MAX_IN_FLIGHT = 4
"""Most MGETs at once; later requests gather for the next one."""

Values = asyncio.Future[list[bytes | None]]
Requests = list[tuple[Sequence[bytes], Values]]

log = structlog.get_logger(__name__)


class RedisUnreachableError(Exception):
    """Redis refused the connection, closed it, or answered with an error."""


class MgetClient:
    """Reconnects by itself: each MGET takes a connection from the pool, which replaces broken ones."""

    def __init__(self, url: str, *, timeout_s: float) -> None:
        """Connects on first use."""
        self._timeout_s = timeout_s
        self.redis: Redis = Redis.from_url(
            url,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            # One immediate retry: newer clients detect only on use that Redis has closed a pooled connection. No retry
            # after a timeout and none of the library's backoff: both would take longer than the deadline.
            retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
            retry_on_error=[RedisConnectionError],
        )
        self._waiting: deque[tuple[Sequence[bytes], Values]] = deque()
        self._runner = BatchRunner(self._take_batch, self._run, max_running=MAX_IN_FLIGHT)
        self._was_up = True

    async def get(self, keys: Sequence[str]) -> list[bytes | None]:
        """One value per key, None where the key is absent. Raises RedisUnreachableError, or TimeoutError in time."""
        values: Values = asyncio.get_running_loop().create_future()
        # Encoded here, so that a key that is not a string fails its own caller only. Half a surrogate pair is encoded
        # as it is: no record has such a key.
        self._waiting.append(([key.encode("utf-8", "surrogatepass") for key in keys], values))
        self._runner.schedule()
        async with asyncio.timeout(self._timeout_s):
            return await values

    async def ping(self) -> None:
        """Raises RedisUnreachableError or TimeoutError."""
        try:
            await self.redis.ping()
        except RedisTimeoutError as error:
            raise TimeoutError from error
        except (RedisError, OSError) as error:
            raise RedisUnreachableError from error

    async def check(self) -> SourceState:
        """Result of a ping within the client's own time limit."""
        try:
            async with asyncio.timeout(self._timeout_s):
                await self.ping()
        except TimeoutError:
            return SourceState(state="timeout")
        except RedisUnreachableError:
            return SourceState(state="unreachable")
        return SourceState(state="ok")

    async def close(self) -> None:
        await self._runner.close()
        await self.redis.aclose()

    def _take_batch(self) -> Requests | None:
        batch: Requests = []
        size = 0
        while self._waiting and size < MAX_KEYS:
            keys, values = self._waiting.popleft()
            if not values.done():  # the caller may have timed out or been cancelled meanwhile
                batch.append((keys, values))
                size += len(keys)
        return batch or None

    async def _run(self, batch: Requests) -> None:
        try:
            async with asyncio.timeout(self._timeout_s):
                found = cast("list[bytes | None]", await self.redis.mget([key for keys, _ in batch for key in keys]))
        except (RedisTimeoutError, TimeoutError):
            self._log_change("timeout")
            failure: Exception = TimeoutError()
        except Exception as error:  # whatever was raised, every caller must get an outcome
            self._log_change(type(error).__name__)
            failure = RedisUnreachableError()
        else:
            self._log_change(None)
            start = 0
            for keys, values in batch:
                if not values.done():
                    values.set_result(found[start : start + len(keys)])
                start += len(keys)
            return
        for _, values in batch:
            if not values.done():
                values.set_exception(failure)

    def _log_change(self, problem: str | None) -> None:
        """Logs changes only: an outage is two lines, not one per request."""
        if problem is not None and self._was_up:
            log.warning("redis_down", problem=problem)
        elif problem is None and not self._was_up:
            log.info("redis_up")
        self._was_up = problem is None
