"""Keys under way are asked for once, however many requests wait for them, and gathered into few large questions."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

import structlog

from lookup_service.resolving.caching.entry import Entry

MAX_KEYS = 1000
"""Most keys in one question."""
MAX_IN_FLIGHT = 8
"""Most questions at once; what comes meanwhile is gathered for the next."""
MAX_WAITING = 50_000
"""Most keys that wait for their question to be sent; further ones are not taken."""

log = structlog.get_logger(__name__)
Fetch = Callable[[Sequence[str]], Awaitable[Mapping[str, Entry]]]


class Flight:
    """One question. ``landed`` is set, never failed, when ``entries`` has what came of it."""

    __slots__ = ("entries", "keys", "landed")

    def __init__(self, landed: asyncio.Future[None]) -> None:
        self.keys: list[str] = []
        self.landed = landed
        self.entries: Mapping[str, Entry] = {}


class SingleFlight:
    def __init__(self, fetch: Fetch, *, name: str) -> None:
        """``fetch`` gives an entry for every key and bounds its own time; ``name`` is the source's, for the log."""
        self._fetch = fetch
        self._name = name
        self._by_key: dict[str, Flight] = {}
        self._waiting: list[Flight] = []
        self._running: set[asyncio.Task[None]] = set()
        self._flush_is_due = False

    def request(self, keys: Iterable[str]) -> dict[str, Flight]:
        """Ask for the keys, not waiting: the flights that will bring them. A key that is not taken has none."""
        flights = {}
        for key in keys:
            flight = self._by_key.get(key)
            if flight is None:
                flight = self._board(key)
                if flight is None:
                    continue
            flights[key] = flight
        return flights

    async def get(self, keys: Iterable[str]) -> dict[str, Entry]:
        """Entries of the keys, but for those not taken. A caller that gives up stops nothing."""
        flights = self.request(keys)
        under_way = {flight.landed for flight in flights.values() if not flight.landed.done()}
        if under_way:
            await asyncio.wait(under_way)
        return {key: entry for key, flight in flights.items() if (entry := flight.entries.get(key)) is not None}

    def is_under_way(self, key: str) -> bool:
        return key in self._by_key

    async def close(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _board(self, key: str) -> Flight | None:
        if not self._waiting or len(self._waiting[-1].keys) >= MAX_KEYS:
            if len(self._waiting) * MAX_KEYS >= MAX_WAITING:
                return None
            self._waiting.append(Flight(asyncio.get_running_loop().create_future()))
            if not self._flush_is_due:
                self._flush_is_due = True
                asyncio.get_running_loop().call_soon(self._flush)
        flight = self._waiting[-1]
        flight.keys.append(key)
        self._by_key[key] = flight
        return flight

    def _flush(self) -> None:
        self._flush_is_due = False
        while self._waiting and len(self._running) < MAX_IN_FLIGHT:
            task = asyncio.create_task(self._fly(self._waiting.pop(0)))
            self._running.add(task)
            task.add_done_callback(self._after)

    def _after(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._flush()

    async def _fly(self, flight: Flight) -> None:
        try:
            flight.entries = await self._fetch(flight.keys)
        except Exception as error:  # a bug must not leave the requests waiting
            log.exception("fetch_failed", source=self._name, error_type=type(error).__name__)
        finally:
            for key in flight.keys:
                del self._by_key[key]
            if not flight.landed.done():
                flight.landed.set_result(None)
