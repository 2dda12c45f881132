"""A small asyncio server on a thread of its own, for callers that are not asynchronous."""

import asyncio
import threading
from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Self, TypeAlias

_CLOSING_S = 0.01
Serving: TypeAlias = AbstractAsyncContextManager[int]


class ThreadedServer(ABC):
    """Serves on loopback at ``port`` while its context is entered."""

    def __init__(self) -> None:
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @abstractmethod
    def serving(self) -> Serving:
        """Opens the server, yields its port, closes it."""

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        async with self.serving() as self.port:
            self._ready.set()
            await self._stop.wait()

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.run_until_complete(_end_connections())
        self._loop.close()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(5)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()


async def _end_connections() -> None:
    """Ends what still runs, and every connection, also one that was accepted while the server closed. Sockets are
    closed in the loop's next steps: a loop that was closed at once would leave them open until the garbage collector
    finds them, in somebody else's test.
    """
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    transports = asyncio.get_running_loop()._transports  # type: ignore[attr-defined]  # asyncio has no other list
    for transport in list(transports.values()):
        transport.abort()
    await asyncio.sleep(_CLOSING_S)
