"""Receivers of webhooks on loopback: one answers as it is told, one never comes to an end."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from assurance.servers.threaded_server import ThreadedServer

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - the published example's


class Receiver(ThreadedServer):
    """Answers with the statuses of ``answers`` in turn, then with 204. 0 means that it never answers."""

    def __init__(self, *answers: int) -> None:
        super().__init__()
        self.answers = list(answers)
        self.got: list[tuple[dict[str, str], bytes]] = []
        """Headers with lower-case names, and body, of each request."""

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[int]:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1]
        await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.got.append((headers, await request.read()))
        status = self.answers.pop(0) if self.answers else 204
        if status == 0:
            await asyncio.Event().wait()
        return web.Response(status=status, headers={"location": "/elsewhere"} if status // 100 == 3 else {})

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.got]


class DrippingReceiver(ThreadedServer):
    """Sends ``begin`` to every connection at once, and then a byte every 20 ms without an end."""

    def __init__(self, begin: bytes) -> None:
        super().__init__()
        self.connections = 0
        self._begin = begin

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[int]:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        yield server.sockets[0].getsockname()[1]
        server.close()

    async def _connected(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        writer.write(self._begin)
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(b"a")
                await writer.drain()
                await asyncio.sleep(0.02)
