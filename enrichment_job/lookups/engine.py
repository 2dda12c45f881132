"""The lookup engine: the task's thread asks, the event loop's thread completes.

    task thread   ask(key) ─▶ cached      ─▶ a lookup with its result
                      └─▶ under way       ─▶ the same pending lookup
                      └─▶ neither         ─▶ a new pending lookup ─▶ waiting keys ─┐
    event loop    dispatcher ◀─────────────────────────────────────────────────────┘ sends the waiting keys in
                                                                                     batches, completes lookups, fills
                                                                                     the cache

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
from enrichment_job.lookups.completion import Completion
from enrichment_job.lookups.dispatcher import Dispatcher
from enrichment_job.lookups.waiting_keys import WaitingKeys
from enrichment_job.lookups.warm_start import WarmStart, warm_start

_START_SECONDS = 10.0


class LookupEngine:
    """One for each worker runtime (:mod:`enrichment_job.runtime`), shared by all of its functions' threads."""

    def __init__(
        self,
        config: LookupConfig,
        receiver: ResultReceiver,
        open_client: OpenClient | None = None,
        *,
        traces: Traces | None = None,
    ) -> None:
        """
        :param open_client: called in the event loop; by default it opens the lookup service's client.
        :raises RuntimeError: where the event loop does not start, or the client cannot be opened.
        """
        self.config = config
        self.counts = Counts()
        self.breaker = CircuitBreaker(config.breaker_failures, config.breaker_open_ms / 1000)
        faults = FaultLog()
        self._completion = Completion(config, receiver, self.counts, faults)
        self.cache: Mapping[Kind, ResultCache] = self._completion.cache
        self._in_flight = self._completion.in_flight
        self._waiting = WaitingKeys(config.queue_keys)
        self._dispatcher = Dispatcher(
            config,
            self._waiting,
            completion=self._completion,
            breaker=self.breaker,
            counts=self.counts,
            faults=faults,
            traces=traces,
        )
        self._traces = traces
        self._open_client = open_client or self._lookup_service
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
        """Start the lookup unless it is cached or under way, for an event that waits ``deadline_ms``. Never blocks.

        :param now: seconds of :func:`time.monotonic`.
        """
        in_flight = self._in_flight[kind]
        pending = in_flight.get(key)
        if pending is not None:
            pending.deadline = now + self._deadline_s
            self._waiting.renew(pending)
            if self._traces is not None:
                self._traces.asked(pending)
            return pending
        # After in_flight, even where the caller has looked before: completion fills the cache first, so a lookup that
        # has left in_flight meanwhile is found here and not asked for again.
        cached = self.cache[kind].fresh(key, now)
        pending = PendingLookup(LookupKey(kind, key), cached, now + self._deadline_s)
        if cached is not None:
            return pending
        if self.breaker.state(now) == "open":
            pending.result = self._completion.fallback(pending.key, "error", now)
            return pending
        if self._traces is not None:
            self._traces.asked(pending)
        in_flight[key] = pending
        if not self._waiting.put(pending):
            in_flight.pop(key, None)
            self.counts.keys_dropped += 1
            pending.result = self._completion.fallback(pending.key, "timeout", now)
        elif not self._dispatcher.is_woken:
            self._dispatcher.is_woken = True
            self._loop.call_soon_threadsafe(self._dispatcher.wake.set)
        return pending

    def on_timeout(self, pending: PendingLookup, now: float) -> EnrichmentResult:
        """For an event whose time is over: the result if it has come, else an expired one, else ``timeout``."""
        return pending.result or self._completion.fallback(pending.key, "timeout", now)

    def warm_up(self) -> WarmStart:
        """Fill the cache with what was asked for lately, for ``warm_start_ms`` at the longest. Call it before the first
        lookup: it blocks the caller, and a lookup that is under way meanwhile is not noticed.
        """
        return warm_start(self.config, self._completion, self._loop)

    def close(self) -> None:
        """Stop the event loop and its thread. Events that still wait are in Flink's state; nobody asks for them here
        any more.
        """
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

    def _lookup_service(self) -> LookupClient:
        config = self.config
        return LookupClient(
            config.url,
            connections=config.connections,
            attempts=config.attempts,
            api_key=config.api_key.reveal(),
        )
