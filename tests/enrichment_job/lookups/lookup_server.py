"""A real HTTP server that answers lookups as a test tells it to, on a thread of its own."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec
from aiohttp import web

from assurance.servers.threaded_server import ThreadedServer
from contracts.lookup_api.lookups import DEADLINE_HEADER, PATH, LookupKey, LookupRequest

Reply = Callable[[list[LookupKey]], tuple[int, list[dict[str, object]]]]


def all_ok(keys: list[LookupKey]) -> tuple[int, list[dict[str, object]]]:
    return 200, [{"status": "ok", "value": {}} for _ in keys]


class LookupServer(ThreadedServer):
    """``reply``, ``delay_s``, ``holds`` and ``encode`` may be changed while it runs; ``batches``, ``traceparents`` and
    ``deadlines`` have every request's keys and headers.
    """

    def __init__(self) -> None:
        super().__init__()
        self.reply: Reply = all_ok
        self.delay_s = 0.0
        self.holds: Callable[[list[str]], bool] = lambda _: False
        """Whether a request for these keys has to wait on."""
        self.batches: list[list[str]] = []
        self.traceparents: list[str | None] = []
        self.deadlines: list[str] = []
        self.encode: Callable[[object], bytes] = msgspec.json.encode

    async def _answer(self, request: web.Request) -> web.Response:
        keys = msgspec.json.decode(await request.read(), type=LookupRequest).keys
        names = [key.key for key in keys]
        self.batches.append(names)
        self.traceparents.append(request.headers.get("traceparent"))
        self.deadlines.append(request.headers[DEADLINE_HEADER])
        await asyncio.sleep(self.delay_s)
        while self.holds(names):  # noqa: ASYNC110  # the test's thread changes it
            await asyncio.sleep(0.002)
        status, results = self.reply(keys)
        return web.Response(status=status, body=self.encode({"results": results}))

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[int]:
        app = web.Application(client_max_size=2**22)
        app.router.add_post(PATH, self._answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        # The port that it had: a test may bring a server back.
        await web.TCPSite(runner, "127.0.0.1", self.port).start()
        yield runner.addresses[0][1]
        await runner.cleanup()
