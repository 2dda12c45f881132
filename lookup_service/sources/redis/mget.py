"""Values from Redis: everything asked for in one turn of the event loop goes out as one MGET.

So a batch with users and listings is one round trip, and many small requests share one.
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

from lookup_service.sources.protocol import SourceState

MAX_KEYS = 5000
"""Most keys in one MGET (a single request may exceed it): Redis serves nobody else meanwhile."""
MAX_IN_FLIGHT = 4
"""Most MGETs at once; what comes meanwhile is gathered for the next."""

Answer = asyncio.Future[list[bytes | None]]

log = structlog.get_logger(__name__)


class RedisUnreachableError(Exception):
    """Redis refused, went away or answered with an error."""


class MgetClient:
    """Reconnects by itself: each MGET takes a connection from the pool, which replaces broken ones."""

    def __init__(self, url: str, *, timeout_s: float) -> None:
        """Connects on first use."""
        self._timeout_s = timeout_s
        self.redis: Redis = Redis.from_url(
            url,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            # One more try, at once: newer clients do not notice before use that Redis has closed a pooled connection.
            # Never after a timeout, and never with the library's own pauses: those would outlast the deadline.
            retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
            retry_on_error=[RedisConnectionError],
        )
        self._waiting: deque[tuple[Sequence[bytes], Answer]] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._flush_is_due = False
        self._was_up = True

    async def get(self, keys: Sequence[str]) -> list[bytes | None]:
        """One value per key, None where there is none. Raises RedisUnreachableError, or TimeoutError in time."""
        loop = asyncio.get_running_loop()
        answer: Answer = loop.create_future()
        # Here, where a key that is no text harms its own caller only; half a surrogate is nobody's key.
        self._waiting.append(([key.encode("utf-8", "surrogatepass") for key in keys], answer))
        if not self._flush_is_due:
            self._flush_is_due = True
            loop.call_soon(self._flush)
        async with asyncio.timeout(self._timeout_s):
            return await answer

    async def ping(self) -> None:
        """Raises RedisUnreachableError or TimeoutError."""
        try:
            await self.redis.ping()
        except RedisTimeoutError as error:
            raise TimeoutError from error
        except (RedisError, OSError) as error:
            raise RedisUnreachableError from error

    async def check(self) -> SourceState:
        """The same as a value, within the client's own time limit."""
        try:
            async with asyncio.timeout(self._timeout_s):
                await self.ping()
        except TimeoutError:
            return SourceState(state="timeout")
        except RedisUnreachableError:
            return SourceState(state="unreachable")
        return SourceState(state="ok")

    async def close(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self.redis.aclose()

    def _flush(self) -> None:
        self._flush_is_due = False
        while self._waiting and len(self._running) < MAX_IN_FLIGHT:
            batch = []
            size = 0
            while self._waiting and size < MAX_KEYS:
                keys, answer = self._waiting.popleft()
                if not answer.done():  # given up meanwhile
                    batch.append((keys, answer))
                    size += len(keys)
            if batch:
                task = asyncio.create_task(self._run(batch))
                self._running.add(task)
                task.add_done_callback(self._after_run)

    def _after_run(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._flush()

    async def _run(self, batch: list[tuple[Sequence[bytes], Answer]]) -> None:
        try:
            async with asyncio.timeout(self._timeout_s):
                values = cast("list[bytes | None]", await self.redis.mget([key for keys, _ in batch for key in keys]))
        except (RedisTimeoutError, TimeoutError):
            self._note("timeout")
            failure: Exception = TimeoutError()
        except Exception as error:  # whatever it is, whoever waits hears of it
            self._note(type(error).__name__)
            failure = RedisUnreachableError()
        else:
            self._note(None)
            start = 0
            for keys, answer in batch:
                if not answer.done():
                    answer.set_result(values[start : start + len(keys)])
                start += len(keys)
            return
        for _, answer in batch:
            if not answer.done():
                answer.set_exception(failure)

    def _note(self, problem: str | None) -> None:
        """Log changes only: an outage is two lines, not one per request."""
        if problem is not None and self._was_up:
            log.warning("redis_down", problem=problem)
        elif problem is None and not self._was_up:
            log.info("redis_up")
        self._was_up = problem is None
