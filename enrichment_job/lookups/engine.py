"""The lookup engine: ask from the task's thread, answered from the loop's thread.

    task thread   ask(key) ─▶ L1 hit ─▶ ticket with its answer
                      └─▶ in flight already? the same ticket
                      └─▶ new ticket ─▶ queue ─┐
    loop thread   dispatcher ◀─────────────────┘ sends what has gathered, answers the tickets, fills L1

While a request is under way the next batch gathers, so batches grow with the load by themselves.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeAlias

from contracts.lookup import KINDS, NO_SOURCE, Kind, LookupKey, LookupResult, Status
from enrichment_job.config import LookupConfig
from enrichment_job.lookups.breaker import CircuitBreaker
from enrichment_job.lookups.cache import GenerationCache
from enrichment_job.lookups.client import Failed, LookupClient
from enrichment_job.lookups.ticket import Ticket
from enrichment_job.outcome import Answer


class Client(Protocol):
    """Who is asked."""

    async def lookup(self, keys: Sequence[LookupKey]) -> list[LookupResult] | Failed: ...


class Answers(Protocol):
    """What is made of the results: see :class:`enrichment_job.answers.AnswerViews`."""

    def of_result(self, kind: Kind, result: LookupResult) -> Answer: ...
    def without_value(self, kind: Kind, status: Status) -> Answer: ...
    def as_stale(self, kind: Kind, old: Answer) -> Answer: ...


class Traces(Protocol):
    """Who makes spans of requests: see :class:`enrichment_job.tracing.lookup_traces.LookupTraces`."""

    def asked(self, ticket: Ticket) -> None: ...
    async def request(
        self, client: Client, keys: Sequence[LookupKey], batch: Sequence[Ticket]
    ) -> list[LookupResult] | Failed: ...


OpenClient: TypeAlias = Callable[[], AbstractAsyncContextManager[Client]]
_START_SECONDS = 10.0
_PATIENCE_S = 0.02
"""A request that takes longer than this no longer holds the next one back."""


class LookupEngine:
    """One per process and configuration; see :mod:`enrichment_job.shared`."""

    def __init__(
        self,
        config: LookupConfig,
        views: Answers,
        open_client: OpenClient | None = None,
        *,
        traces: Traces | None = None,
    ) -> None:
        """``open_client`` is called in the loop; by default it opens the lookup service's client."""
        self.config = config
        self._views = views
        self._traces = traces
        self._open_client = open_client or self._service
        self.cache: dict[Kind, GenerationCache] = {kind: GenerationCache(config.cache_entries) for kind in KINDS}
        self.breaker = CircuitBreaker(config.breaker_failures, config.breaker_open_ms / 1000)
        self.batches = 0
        """Batches taken so far: events that ask in the same batch are answered together."""
        self.settled = 0
        """Batches answered so far: while it stands still, nobody who waits need look."""
        self.requests = 0
        self.keys_asked = 0
        self.last_request_ms = 0
        """How long the last request took, its retries included."""
        self._in_flight: dict[Kind, dict[str, Ticket]] = {kind: {} for kind in KINDS}
        self._queue: deque[Ticket] = deque()
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._wake = asyncio.Event()
        self._under_way: dict[asyncio.Task[None], float] = {}
        self._thread = threading.Thread(target=self._run, name="lookup-engine", daemon=True)
        self._thread.start()
        if not self._started.wait(_START_SECONDS):
            raise RuntimeError("the lookup engine's event loop did not start")

    def ask(self, kind: Kind, key: str, now: float) -> Ticket:
        """Start the lookup unless it is cached or under way. Never blocks."""
        flying = self._in_flight[kind]
        ticket = flying.get(key)
        if ticket is not None:
            if self._traces is not None:
                self._traces.asked(ticket)
            return ticket
        found = self.cache[kind].get(key, now)
        ticket = Ticket(LookupKey(kind, key), found)
        if found is not None:
            return ticket
        if self.breaker.state(now) == "open":
            ticket.answer = self._fallback(ticket.key, "error", now)
            return ticket
        if self._traces is not None:
            self._traces.asked(ticket)
        flying[key] = ticket
        self._queue.append(ticket)
        if len(self._queue) == 1:
            self._loop.call_soon_threadsafe(self._wake.set)
        return ticket

    def close(self) -> None:
        """Stop the loop and its thread. Tickets without an answer stay so: their events are in Flink's state."""
        if self._loop.is_running():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(timeout=5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._main())
        finally:
            self._loop.close()

    async def _main(self) -> None:
        self._stop = asyncio.Event()
        async with self._open_client() as client:
            dispatcher = asyncio.create_task(self._dispatch(client))
            self._started.set()
            await self._stop.wait()
            under_way = [dispatcher, *self._under_way]
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    def _service(self) -> LookupClient:
        config = self.config
        return LookupClient(
            config.url,
            connections=config.connections,
            timeout_ms=config.request_timeout_ms,
            attempts=config.attempts,
            api_key=config.api_key,
        )

    async def _dispatch(self, client: Client) -> None:
        """Send what has gathered, as few and as large requests as the waiting allows: a request costs as much
        processor time as hundreds of keys. A second one goes out only with a full batch, or when the first is slow.
        """
        loop = self._loop
        while True:
            await self._wake.wait()
            self._wake.clear()
            await asyncio.sleep(self.config.linger_ms / 1000)
            while self._queue and self._may_send(loop.time()):
                task = loop.create_task(self._request(client, self._take()))
                self._under_way[task] = loop.time()
                task.add_done_callback(self._came_back)
                loop.call_later(_PATIENCE_S + 0.001, self._wake.set)

    def _may_send(self, now: float) -> bool:
        if len(self._under_way) >= self.config.connections:
            return False
        if len(self._queue) >= self.config.batch_keys:
            return True
        return all(now - sent > _PATIENCE_S for sent in self._under_way.values())

    def _came_back(self, task: "asyncio.Task[None]") -> None:
        del self._under_way[task]
        self._wake.set()

    async def _request(self, client: Client, batch: list[Ticket]) -> None:
        if not self.breaker.allow(time.monotonic()):
            self._fail(batch, "error")
            return
        self.requests += 1
        self.keys_asked += len(batch)
        began = time.monotonic()
        keys = [ticket.key for ticket in batch]
        if self._traces is None:
            results = await client.lookup(keys)
        else:
            results = await self._traces.request(client, keys, batch)
        self.last_request_ms = round((time.monotonic() - began) * 1000)
        self._settle(batch, results)

    def _take(self) -> list[Ticket]:
        batch: list[Ticket] = []
        while self._queue and len(batch) < self.config.batch_keys:
            batch.append(self._queue.popleft())
        if batch:
            self.batches += 1
        return batch

    def _settle(self, batch: list[Ticket], results: list[LookupResult] | Failed) -> None:
        now = time.monotonic()
        if isinstance(results, str):
            self.breaker.failed(now)
            self._fail(batch, results)
            return
        self.breaker.succeeded()
        for ticket, result in zip(batch, results, strict=True):
            got = self._views.of_result(ticket.key.kind, result)
            if got.status in ("timeout", "error") and result.source != NO_SOURCE:
                got = self._fallback(ticket.key, got.status, now)
            else:
                self._remember(ticket.key, got, now)
            self._finish(ticket, got)
        self.settled += 1

    def _fail(self, batch: list[Ticket], failed: Failed) -> None:
        now = time.monotonic()
        for ticket in batch:
            self._finish(ticket, self._fallback(ticket.key, failed, now))
        self.settled += 1

    def _remember(self, key: LookupKey, got: Answer, now: float) -> None:
        config = self.config
        # An error that is remembered is that of a kind without a source: no event changes that.
        negative = config.cache_negative_ttl_ms
        ttls = {"ok": config.cache_ttl_ms, "missing": negative, "invalid": negative, "error": negative}
        ttl = ttls.get(got.status, 1000) / 1000
        self.cache[key.kind].put(key.key, got, now + ttl, now + ttl + config.cache_stale_ms / 1000)

    def _fallback(self, key: LookupKey, failed: Failed, now: float) -> Answer:
        """What an old answer is still good for, else the failure itself. Failures are never cached."""
        old = self.cache[key.kind].stale(key.key, now)
        if old is None:
            return self._views.without_value(key.kind, failed)
        return self._views.as_stale(key.kind, old)

    def _finish(self, ticket: Ticket, got: Answer) -> None:
        ticket.answer = got
        self._in_flight[ticket.key.kind].pop(ticket.key.key, None)
