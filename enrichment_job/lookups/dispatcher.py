"""The event loop's side of the lookup engine: sends waiting keys in batches, as many as the service answers in time."""

import asyncio
import time
from collections.abc import Sequence
from typing import NamedTuple

from common.resilience.circuit_breaker import CircuitBreaker
from contracts.lookup_api.lookups import Status
from core.lookups.counts import Counts, FaultLog
from core.lookups.pending_lookup import PendingLookup
from core.lookups.protocols import Client, Traces
from enrichment_job.config import LookupConfig
from enrichment_job.lookups.completion import Completion
from enrichment_job.lookups.concurrency_window import FEWEST, ConcurrencyWindow
from enrichment_job.lookups.exchange import Exchange
from enrichment_job.lookups.waiting_keys import WaitingKeys

_PATIENCE_S = 0.02
"""A request that takes longer than this no longer holds the next one back. A slow service has a longer patience: its
requests go out one after the other instead of all at once, and none has to wait long for a connection.
"""
_CHECK_S = 0.05
"""How often keys whose events have left are looked for, if nothing else happens."""
_DOUBT_S = 1.0
_MANY = 8
"""After a batch of so many keys that were all refused, the service may refuse everything: that may not be the keys'
fault. Until one key is answered, or for :data:`_DOUBT_S` seconds, a refused batch is then divided into few requests.
"""


class _UnderWay(NamedTuple):
    began_at: float
    keys: int
    exchange: Exchange


class Dispatcher:
    """Its asyncio tasks end with the event loop. Every lookup that it has taken is completed before."""

    def __init__(
        self,
        config: LookupConfig,
        waiting: WaitingKeys,
        *,
        completion: Completion,
        breaker: CircuitBreaker,
        counts: Counts,
        faults: FaultLog,
        traces: Traces | None,
    ) -> None:
        self._config = config
        self._waiting = waiting
        self._completion = completion
        self._breaker = breaker
        self._counts = counts
        self._faults = faults
        self._traces = traces
        self._window = ConcurrencyWindow(
            config.batch_keys // 4, config.connections * config.batch_keys, config.deadline_ms / 1000
        )
        self._under_way: dict[asyncio.Task[None], _UnderWay] = {}
        self._doubtful_until = 0.0
        self.wake = asyncio.Event()
        self.is_woken = False
        """Set by the thread that wakes the dispatcher, so that other threads need not."""

    async def run(self, client: Client) -> None:
        while True:
            try:
                await self._step(client)
            except Exception as error:  # a bug must not stop the others' lookups
                self._faults.note("the dispatcher", type(error).__name__)
                await asyncio.sleep(_CHECK_S)

    async def close(self) -> None:
        """Cancel the requests under way, and complete their lookups."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _step(self, client: Client) -> None:
        """Send the waiting keys in as few and as large requests as their deadlines allow: a request costs as much
        processor time as hundreds of keys. A second one goes out only with a full batch, or when the first is slow.
        """
        try:
            async with asyncio.timeout(_CHECK_S):
                await self.wake.wait()
        except TimeoutError:
            if not self._waiting:
                return
        self.is_woken = False  # before the keys are taken: a later key wakes it again
        self.wake.clear()
        await asyncio.sleep(self._config.linger_ms / 1000)
        self._drop_overdue()
        while len(self._waiting) and (most := self._may_send(time.monotonic())):
            self._send(client, most)

    def _drop_overdue(self) -> None:
        now = time.monotonic()
        if overdue := self._waiting.overdue(now):
            self._counts.keys_dropped += len(overdue)
            self._completion.fail(overdue, "timeout", now)

    def _may_send(self, now: float) -> int:
        """How many keys the next request may have; 0 where they must wait."""
        for each in self._under_way.values():
            self._window.waiting(each.exchange.sent_at or each.began_at, now)
        if len(self._under_way) >= self._config.connections:
            return 0
        window = self._window.keys
        # Half of the window, so that one request is at the service while the next one is on its way.
        piece = min(self._config.batch_keys, window // 2)
        if self._keys_under_way() + piece > window:
            return 0
        patience = self._patience_s()
        if len(self._waiting) < piece and any(now - each.began_at <= patience for each in self._under_way.values()):
            return 0
        return piece if self._breaker.state(now) == "closed" else min(piece, FEWEST)

    def _patience_s(self) -> float:
        return max(_PATIENCE_S, self._window.took_s / self._config.connections)

    def _keys_under_way(self) -> int:
        return sum(each.exchange.at_service or each.keys for each in self._under_way.values())

    def _send(self, client: Client, most: int) -> None:
        batch = self._waiting.take(most)
        if not batch:
            return
        self._counts.batches += 1
        loop = asyncio.get_running_loop()
        exchange = Exchange(client, self._traces, self._counts, self._faults, self._complete)
        task = loop.create_task(self._request(exchange, batch))
        self._under_way[task] = _UnderWay(time.monotonic(), len(batch), exchange)
        task.add_done_callback(self._on_done)
        loop.call_later(self._patience_s() + 0.001, self.wake.set)

    def _on_done(self, task: "asyncio.Task[None]") -> None:
        del self._under_way[task]
        self.wake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            self._faults.note("a batch of lookups", type(error).__name__)

    def _complete(self, batch: Sequence[PendingLookup], results: Sequence[object]) -> None:
        self._completion.complete(batch, results, time.monotonic())

    async def _request(self, exchange: Exchange, batch: list[PendingLookup]) -> None:
        """Whatever happens, every lookup of the batch is completed or waits again, and the breaker learns of it."""
        sent_at = time.monotonic()
        is_allowed = was_heard = False
        left: Sequence[PendingLookup] = batch
        try:
            is_probe = self._breaker.state(sent_at) != "closed"
            is_allowed = self._breaker.allow(sent_at)
            if is_allowed:
                deadline = max(pending.deadline for pending in batch)
                until = min(deadline, sent_at + self._config.request_timeout_ms / 1000)
                self._counts.keys_asked += len(batch)
                under_way = self._keys_under_way()
                await exchange.ask(batch, until, is_doubtful=sent_at < self._doubtful_until)
                was_heard = True
                if exchange.failure == "timeout" and under_way > FEWEST and not is_probe:
                    pass  # too many keys were asked for: the window shrinks, and the breaker must not stop all lookups
                elif exchange.service_failed:
                    self._breaker.failed(time.monotonic(), sent_at)
                else:
                    self._breaker.succeeded()
                self._learn(exchange, len(batch), under_way, sent_at)
                self._complete_rest(exchange, deadline)
                left = ()
        finally:
            now = time.monotonic()
            if is_allowed and not was_heard:
                self._breaker.failed(now, sent_at)
            if left:
                self._completion.fail(left, "error", now)

    def _learn(self, exchange: Exchange, keys: int, under_way: int, sent_at: float) -> None:
        now = time.monotonic()
        self._counts.last_request_ms = round((now - sent_at) * 1000)
        if exchange.service_failed:
            self._window.failed(sent_at, now)
        elif exchange.answered_in is not None:
            # Of the last request, and not of the whole exchange: that takes long where keys are refused, though the
            # service is as quick as before.
            self._window.answered(exchange.answered, under_way, *exchange.answered_in)
        if exchange.answered:
            self._doubtful_until = 0.0
        elif exchange.refuses_everything and keys >= _MANY:
            self._doubtful_until = now + _DOUBT_S

    def _complete_rest(self, exchange: Exchange, deadline: float) -> None:
        """The lookups without a result. Those that have time left wait to be sent again, where that may help."""
        now = time.monotonic()
        if exchange.refused:
            self._completion.refuse(exchange.refused, now, remember=exchange.answered > 0)
        if exchange.failure is not None:
            # An event that asked for a key while the request was under way has time left.
            until = max(deadline, now) if exchange.failure == "timeout" else float("inf")
            status: Status = "timeout" if exchange.failure == "timeout" else "error"
            self._completion.fail(self._put_back(exchange.failed, until), status, now)
        if exchange.unasked:
            if exchange.refuses_everything:
                self._completion.fail(exchange.unasked, "error", now)
            else:
                self._completion.fail(self._put_back(exchange.unasked, now), "timeout", now)

    def _put_back(self, lookups: Sequence[PendingLookup], until: float) -> Sequence[PendingLookup]:
        """The lookups that cannot wait to be sent again: no event waits longer than ``until``, or the queue is full."""
        return [each for each in lookups if each.deadline <= until or not self._waiting.put_back(each)]
