"""A TCP proxy in front of the real lookup service that can delay responses."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from assurance.servers.threaded_server import ThreadedServer


class SlowProxy(ThreadedServer):
    """``delay_s`` delays every chunk that the service sends. It may be changed at any time."""

    def __init__(self, upstream_port: int) -> None:
        super().__init__()
        self.delay_s = 0.0
        self._upstream_port = upstream_port

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._upstream_port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(self._pipe(reader, up_writer, False), self._pipe(up_reader, writer, True))

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answers: bool) -> None:
        try:
            while chunk := await reader.read(65_536):
                if answers and self.delay_s:
                    await asyncio.sleep(self.delay_s)
                writer.write(chunk)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[int]:
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
        yield server.sockets[0].getsockname()[1]
        server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
