"""A real HTTP server that answers ``GET /v1/lookup/recent`` as a test tells it to, on a thread of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from aiohttp import web

from assurance.servers.threaded_server import ThreadedServer
from contracts.lookup_api.recent import MEDIA_TYPE, PATH


def line(key: str = "u1", kind: str = "user", **result: object) -> bytes:
    """A line of the answer; by default with a value."""
    fields = result or {"status": "ok", "value": {"user_segment": "new"}}
    return msgspec.json.encode({"kind": kind, "key": key, "result": fields}) + b"\n"


class RecentServer(ThreadedServer):
    """Sends each of ``answers`` once and then always ``blocks``; waits ``delay_s`` before the head and each block.
    ``headers`` and ``query`` are those of the last request.
    """

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[bytes] = []
        self.answers: list[list[bytes]] = []
        self.head = (200, MEDIA_TYPE)
        self.more_headers: dict[str, str] = {}
        self.delay_s = 0.0
        self.breaks_off = False
        self.requests = 0
        self.headers: dict[str, str] = {}
        self.query: dict[str, str] = {}

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        self.headers, self.query = {name.lower(): value for name, value in request.headers.items()}, dict(request.query)
        await asyncio.sleep(self.delay_s)
        status, media_type = self.head
        response = web.StreamResponse(status=status, headers={"content-type": media_type, **self.more_headers})
        await response.prepare(request)
        for block in self.answers.pop(0) if self.answers else self.blocks:
            await asyncio.sleep(self.delay_s)
            await response.write(block)
        if self.breaks_off:
            assert request.transport is not None
            request.transport.abort()
        return response

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[int]:
        app = web.Application()
        app.router.add_get(PATH, self._answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1]
        await runner.cleanup()
