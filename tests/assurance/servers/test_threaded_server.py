"""A server on a thread leaves nothing behind, whatever its connections do when it ends."""

import asyncio
import gc
import http.client
import time
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from assurance.servers.threaded_server import ThreadedServer


class _Slow(ThreadedServer):
    """Answers ``/`` at once and ``/never`` never."""

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[int]:
        app = web.Application()
        app.router.add_get("/", self._answer)
        app.router.add_get("/never", self._never)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1]
        await runner.cleanup()

    async def _answer(self, _: web.Request) -> web.Response:
        return web.Response(text="answer")

    async def _never(self, _: web.Request) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()


def test_idle_and_waiting_connections_are_closed_with_the_server() -> None:
    server = _Slow()
    with warnings.catch_warnings(record=True) as left:
        warnings.simplefilter("always", ResourceWarning)
        with server:
            idle, waiting = (http.client.HTTPConnection("127.0.0.1", server.port, timeout=5) for _ in range(2))
            idle.request("GET", "/")
            assert idle.getresponse().read() == b"answer"
            waiting.request("GET", "/never")
            time.sleep(0.1)
        assert not asyncio.all_tasks(server._loop)
        idle.close()
        waiting.close()
        del server, idle, waiting
        gc.collect()
    assert [str(each.message) for each in left] == []
