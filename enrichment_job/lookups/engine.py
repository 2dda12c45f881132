"""The lookup engine: ask from the task's thread, answered from the loop's thread.

    task thread   ask(key) ─▶ L1 hit ─▶ ticket with its answer
                      └─▶ in flight already? the same ticket
                      └─▶ new ticket ─▶ waiting keys ─┐
    loop thread   dispatcher ◀────────────────────────┘ sends what has gathered, ends the tickets, fills L1

While a request is under way the next batch gathers, so batches grow with the load by themselves.
"""

import asyncio
import threading
from collections.abc import Mapping

from common.resilience.circuit_breaker import CircuitBreaker
from contracts.lookup_api.lookups import Kind, LookupKey
from core.flat_event import EnrichmentResult
from core.lookups.counts import Counts, FaultLog
from core.lookups.pending_lookup import PendingLookup
from core.lookups.protocols import OpenClient, ResultReceiver, Traces
from core.lookups.result_cache import ResultCache
from enrichment_job.config import LookupConfig
from enrichment_job.lookups.client import LookupClient
from enrichment_job.lookups.dispatcher import Dispatcher
from enrichment_job.lookups.settlement import Settlement
from enrichment_job.lookups.waiting_keys import WaitingKeys

_START_SECONDS = 10.0


class LookupEngine:
    """One per process and configuration; see :mod:`enrichment_job.runtime`."""

    def __init__(
        self,
        config: LookupConfig,
        views: ResultReceiver,
        open_client: OpenClient | None = None,
        *,
        traces: Traces | None = None,
    ) -> None:
        """``open_client`` is called in the loop; by default it opens the lookup service's client."""
        self.config = config
        self.counts = Counts()
        self.breaker = CircuitBreaker(config.breaker_failures, config.breaker_open_ms / 1000)
        faults = FaultLog()
        self._settlement = Settlement(config, views, self.counts, faults)
        self.cache: Mapping[Kind, ResultCache] = self._settlement.cache
        self._in_flight = self._settlement.in_flight
        self._waiting = WaitingKeys(config.queue_keys)
        self._dispatcher = Dispatcher(
            config,
            self._waiting,
            settlement=self._settlement,
            breaker=self.breaker,
            counts=self.counts,
            faults=faults,
            traces=traces,
        )
        self._traces = traces
        self._open_client = open_client or self._service
        self._deadline_s = config.deadline_ms / 1000
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(  # the default one writes the exception itself, which may hold a key
            lambda _, context: faults.note("the event loop", type(context.get("exception")).__name__)
        )
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lookup-engine", daemon=True)
        self._thread.start()
        if not self._started.wait(_START_SECONDS):
            raise RuntimeError("the lookup engine's event loop did not start")

    def ask(self, kind: Kind, key: str, now: float) -> PendingLookup:
        """Start the lookup unless it is cached or under way, for an event that waits ``deadline_ms``. Never blocks."""
        flying = self._in_flight[kind]
        ticket = flying.get(key)
        if ticket is not None:
            ticket.deadline = now + self._deadline_s
            self._waiting.renew(ticket)
            if self._traces is not None:
                self._traces.asked(ticket)
            return ticket
        found = self.cache[kind].fresh(key, now)
        ticket = PendingLookup(LookupKey(kind, key), found, now + self._deadline_s)
        if found is not None:
            return ticket
        if self.breaker.state(now) == "open":
            ticket.answer = self._settlement.fallback(ticket.key, "error", now)
            return ticket
        if self._traces is not None:
            self._traces.asked(ticket)
        flying[key] = ticket
        if not self._waiting.put(ticket):
            flying.pop(key, None)
            self.counts.keys_dropped += 1
            ticket.answer = self._settlement.fallback(ticket.key, "timeout", now)
        elif not self._dispatcher.is_woken:
            self._dispatcher.is_woken = True
            self._loop.call_soon_threadsafe(self._dispatcher.wake.set)
        return ticket

    def given_up(self, ticket: PendingLookup, now: float) -> EnrichmentResult:
        """For an event that waits no longer: the answer, else what an old one is good for, else ``timeout``."""
        return ticket.answer or self._settlement.fallback(ticket.key, "timeout", now)

    def close(self) -> None:
        """Stop the loop and its thread. Whoever still waits has ended: its event is in Flink's state."""
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
            dispatching = asyncio.create_task(self._dispatcher.run(client))
            self._started.set()
            await self._stop.wait()
            dispatching.cancel()
            await asyncio.gather(dispatching, return_exceptions=True)
            await self._dispatcher.close()

    def _service(self) -> LookupClient:
        config = self.config
        return LookupClient(
            config.url,
            connections=config.connections,
            attempts=config.attempts,
            api_key=config.api_key.reveal(),
        )
