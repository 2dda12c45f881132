"""A real HTTP server that answers lookups as a test tells it to, on a thread of its own."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
from aiohttp import web

from contracts.lookup import PATH, LookupKey, LookupRequest

Reply = Callable[[list[LookupKey]], tuple[int, list[dict[str, object]]]]


def all_ok(keys: list[LookupKey]) -> tuple[int, list[dict[str, object]]]:
    return 200, [{"status": "ok", "value": {}} for _ in keys]


class LookupServer:
    """``reply`` and ``delay_s`` may be changed while it runs; ``batches`` and ``traceparents`` have every request's
    keys and header.
    """

    def __init__(self) -> None:
        self.reply: Reply = all_ok
        self.delay_s = 0.0
        self.batches: list[list[str]] = []
        self.traceparents: list[str | None] = []
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def _answer(self, request: web.Request) -> web.Response:
        keys = msgspec.json.decode(await request.read(), type=LookupRequest).keys
        self.batches.append([key.key for key in keys])
        self.traceparents.append(request.headers.get("traceparent"))
        await asyncio.sleep(self.delay_s)
        status, results = self.reply(keys)
        return web.Response(status=status, body=msgspec.json.encode({"results": results}))

    async def _serve(self) -> None:
        app = web.Application(client_max_size=2**22)
        app.router.add_post(PATH, self._answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self.port)
        await site.start()
        self.port = runner.addresses[0][1]
        self._stop = asyncio.Event()
        self._ready.set()
        await self._stop.wait()
        await runner.cleanup()

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(5)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()


@contextmanager
def lookup_server() -> Iterator[LookupServer]:
    server = LookupServer()
    server.start()
    try:
        yield server
    finally:
        server.stop()
