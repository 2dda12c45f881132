"""Fetches each key once at a time, however many requests wait for it, in few large batches."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

import structlog

from common.resilience.batch_runner import BatchRunner
from lookup_service.resolving.caching.entry import Entry

MAX_KEYS = 1000
"""Most keys in one flight."""
MAX_IN_FLIGHT = 8
"""Most flights at once; later keys gather for the next one."""
MAX_WAITING = 50_000
"""Most keys that wait for their flight to start; further keys are rejected."""

log = structlog.get_logger(__name__)
Fetch = Callable[[Sequence[str]], Awaitable[Mapping[str, Entry]]]


class Flight:
    """One fetch of a batch of keys. ``landed`` never has an exception; once it is done, ``entries`` has the results."""

    __slots__ = ("entries", "keys", "landed")

    def __init__(self, landed: asyncio.Future[None]) -> None:
        self.keys: list[str] = []
        self.landed = landed
        self.entries: Mapping[str, Entry] = {}


class SingleFlight:
    def __init__(self, fetch: Fetch, *, name: str) -> None:
        """``fetch`` returns an entry for every key and bounds its own time; ``name`` is the source's, for the log."""
        self._fetch = fetch
        self._name = name
        self._by_key: dict[str, Flight] = {}
        self._waiting: deque[Flight] = deque()
        self._runner = BatchRunner(self._take_flight, self._run, max_running=MAX_IN_FLIGHT)

    def request(self, keys: Iterable[str]) -> dict[str, Flight]:
        """Starts fetching the keys without waiting. Returns the flight of each key; a rejected key has none."""
        flights = {}
        for key in keys:
            flight = self._by_key.get(key)
            if flight is None:
                flight = self._add(key)
                if flight is None:
                    continue
            flights[key] = flight
        return flights

    async def get(self, keys: Iterable[str]) -> dict[str, Entry]:
        """Entries of the keys, except rejected ones. Cancelling the caller does not cancel the fetch."""
        flights = self.request(keys)
        in_flight = {flight.landed for flight in flights.values() if not flight.landed.done()}
        if in_flight:
            await asyncio.wait(in_flight)
        return {key: entry for key, flight in flights.items() if (entry := flight.entries.get(key)) is not None}

    def is_in_flight(self, key: str) -> bool:
        return key in self._by_key

    async def close(self) -> None:
        await self._runner.close()

    def _add(self, key: str) -> Flight | None:
        if not self._waiting or len(self._waiting[-1].keys) >= MAX_KEYS:
            if len(self._waiting) * MAX_KEYS >= MAX_WAITING:
                return None
            self._waiting.append(Flight(asyncio.get_running_loop().create_future()))
            self._runner.schedule()
        flight = self._waiting[-1]
        flight.keys.append(key)
        self._by_key[key] = flight
        return flight

    def _take_flight(self) -> Flight | None:
        return self._waiting.popleft() if self._waiting else None

    async def _run(self, flight: Flight) -> None:
        try:
            flight.entries = await self._fetch(flight.keys)
        except Exception as error:  # after a bug in fetch the waiting requests must still be released
            log.exception("fetch_failed", source=self._name, error_type=type(error).__name__)
        finally:
            for key in flight.keys:
                del self._by_key[key]
            if not flight.landed.done():
                flight.landed.set_result(None)
