"""``python -m assurance.bench.overload``: the lookup engine requests more keys than the lookup service can answer.

The service is a process of its own with a fixed capacity in keys per second. It answers one batch after the other, and
also works on requests that have timed out. Events look up keys that never repeat, as after a cold start, and leave at
their deadline, as in the job. An answer is useful if it arrives before the deadline.
"""

import asyncio
import multiprocessing
import time
from collections import deque
from collections.abc import Sequence
from multiprocessing.connection import Connection

import msgspec
import psutil
from aiohttp import web
from rich.console import Console
from rich.table import Table

from contracts.lookup_api.lookups import PATH, LookupRequest
from contracts.purposes.model import EVERYTHING
from core.fragments import FragmentBuilder
from core.lookups.lookup_results import LookupResults
from core.lookups.pending_lookup import PendingLookup
from enrichment_job.config import LookupConfig
from enrichment_job.lookups.engine import LookupEngine

CAPACITY = 2_000
"""Keys per second."""
KEYS_PER_EVENT = 4
LOADS = ((0.5, 2.0), (1.0, 3.0), (2.0, 3.0), (3.0, 5.0), (0.5, 3.0))
"""(multiple of the capacity, seconds) of each phase."""
_SLOT_S = 0.1
_TICK_S = 0.005
_HEALTHY = 0.95
_RESULT = msgspec.json.encode({"status": "ok", "value": {"user_segment": "regular"}, "source": "bench"})


class Phase(msgspec.Struct, frozen=True, kw_only=True):
    load: float
    asked_per_s: float
    useful_per_s: float
    share: float
    """Useful answers as a share of the keys that were asked for, or of the capacity if that is less."""
    median_ms: float | None
    """Of useful answers, from the request to the tick that sees the answer."""
    rss_mb: float


class OverloadFigures(msgspec.Struct, frozen=True, kw_only=True):
    capacity: int
    phases: list[Phase]
    recovery_s: float | None
    """From the end of the overload until answers stay useful; None: they never did."""


def measure(capacity: int = CAPACITY) -> OverloadFigures:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=_serve, args=(theirs, capacity), daemon=True)
    server.start()
    try:
        config = LookupConfig(url=f"http://127.0.0.1:{ours.recv()}", cache_entries=1_000)
        engine = LookupEngine(config, LookupResults(FragmentBuilder((EVERYTHING,))))
        try:
            return _Load(engine, config.deadline_ms / 1000, capacity).run()
        finally:
            engine.close()
    finally:
        server.terminate()
        server.join()


def table(found: OverloadFigures) -> Table:
    shown = Table("load", "keys asked/s", "useful answers/s", "of the possible answers", "median ms", "RSS MB")
    for phase in found.phases:
        median = "" if phase.median_ms is None else f"{phase.median_ms:.0f}"
        shown.add_row(
            f"{phase.load:g} times",
            f"{phase.asked_per_s:,.0f}",
            f"{phase.useful_per_s:,.0f}",
            f"{phase.share:.1%}",
            median,
            f"{phase.rss_mb:.0f}",
        )
    shown.caption = f"recovered after the end of the overload: {found.recovery_s} s"
    return shown


class _Event(msgspec.Struct):
    asked_at: float
    lookups: list[PendingLookup]
    useful: int = 0
    took_s: float = 0.0


class _Load:
    """Plays the task's thread: events arrive at a steady rate, are checked every tick, and leave at their deadline."""

    def __init__(self, engine: LookupEngine, deadline_s: float, capacity: int) -> None:
        self._engine = engine
        self._deadline_s = deadline_s
        self._capacity = capacity
        self._waiting: deque[_Event] = deque()
        self._number = 0

    def run(self) -> OverloadFigures:
        phases: list[Phase] = []
        events: list[_Event] = []
        last_began = time.monotonic()
        for load, seconds in LOADS:
            last_began = time.monotonic()
            events = self._ask(load * self._capacity / KEYS_PER_EVENT, seconds)
            phases.append(self._phase(load, seconds, events))
        return OverloadFigures(capacity=self._capacity, phases=phases, recovery_s=_recovery(events, last_began))

    def _ask(self, rate: float, seconds: float) -> list[_Event]:
        """Runs one phase and returns its events."""
        began = time.monotonic()
        asked: list[_Event] = []
        while (now := time.monotonic()) < began + seconds:
            for _ in range(int((now - began) * rate) - len(asked)):
                keys = range(self._number, self._number + KEYS_PER_EVENT)
                self._number += KEYS_PER_EVENT
                asked.append(_Event(now, [self._engine.ask("user", f"u{key}", now) for key in keys]))
                self._waiting.append(asked[-1])
            self._tick()
            time.sleep(_TICK_S)
        return asked

    def _tick(self) -> None:
        now = time.monotonic()
        left: deque[_Event] = deque()
        for event in self._waiting:
            if now < event.asked_at + self._deadline_s and any(each.result is None for each in event.lookups):
                left.append(event)
                continue
            event.took_s = now - event.asked_at
            event.useful = sum(each.result is not None and each.result.status == "ok" for each in event.lookups)
            event.lookups = []  # so that the measured memory is the engine's
        self._waiting = left

    def _phase(self, load: float, seconds: float, events: Sequence[_Event]) -> Phase:
        # Without the events whose deadline is not over yet, because their result is not final.
        seconds -= self._deadline_s
        known = [event for event in events if event.asked_at < events[0].asked_at + seconds]
        asked = len(known) * KEYS_PER_EVENT
        useful = sum(event.useful for event in known)
        took = sorted(event.took_s for event in known if event.useful)
        return Phase(
            load=load,
            asked_per_s=asked / seconds,
            useful_per_s=useful / seconds,
            share=useful / min(asked, self._capacity * seconds),
            median_ms=took[len(took) // 2] * 1000 if took else None,
            rss_mb=psutil.Process().memory_info().rss / 1e6,
        )


def _recovery(events: Sequence[_Event], began: float) -> float | None:
    slots: dict[int, list[int]] = {}
    for event in events:
        if event.took_s:
            slots.setdefault(int((event.asked_at - began) / _SLOT_S), []).append(event.useful)
    bad = [slot for slot, useful in slots.items() if sum(useful) < _HEALTHY * KEYS_PER_EVENT * len(useful)]
    if not bad:
        return 0.0
    return None if max(bad) == max(slots) else round((max(bad) + 1) * _SLOT_S, 1)


def _serve(started: Connection, capacity: int) -> None:
    asyncio.run(_server(started, capacity))


async def _server(started: Connection, capacity: int) -> None:
    free_at = 0.0

    async def answer(request: web.Request) -> web.Response:
        nonlocal free_at
        keys = msgspec.json.decode(await request.read(), type=LookupRequest).keys
        now = time.monotonic()
        free_at = max(now, free_at) + len(keys) / capacity
        await asyncio.sleep(free_at - now)
        return web.Response(body=b'{"results":[%b]}' % b",".join([_RESULT] * len(keys)))

    app = web.Application(client_max_size=2**22)
    app.router.add_post(PATH, answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    started.send(runner.addresses[0][1])
    await asyncio.Event().wait()


if __name__ == "__main__":
    Console().print(table(measure()))
