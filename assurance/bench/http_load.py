"""A minimal HTTP/1.1 client for load: requests are prepared bytes; of a response only status and length are read."""

import asyncio
import time
from collections.abc import Sequence
from typing import cast

_END = b"\r\n\r\n"


class Connection(asyncio.Protocol):
    """A connection with one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[bytes] | None = None
        self._received = bytearray()
        self._expected = 0

    @classmethod
    async def open(cls, host: str, port: int) -> "Connection":
        _, connection = await asyncio.get_running_loop().create_connection(cls, host, port)
        return connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's transports do not inherit from it

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError("closed by the server"))

    async def send(self, request: bytes) -> bytes:
        """Sends a request and returns the response's status code, three digits."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._expected:
            end = self._received.find(_END)
            if end < 0:
                return
            head = bytes(self._received[:end]).lower()
            self._expected = end + len(_END) + int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        if len(self._received) >= self._expected:
            code = bytes(self._received[9:12])
            self._received.clear()
            self._expected = 0
            assert self._answer is not None
            self._answer.set_result(code)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


async def closed_loop(port: int, requests: Sequence[bytes], *, connections: int, seconds: float) -> float:
    """Requests per second when each connection sends its next request after each response. Every status must be 200."""
    opened = [await Connection.open("127.0.0.1", port) for _ in range(connections)]
    until = time.perf_counter() + seconds
    done = 0

    async def work(connection: Connection, number: int) -> None:
        nonlocal done
        while time.perf_counter() < until:
            assert await connection.send(requests[number % len(requests)]) == b"200"
            done += 1
            number += connections

    began = time.perf_counter()
    await asyncio.gather(*(work(connection, number) for number, connection in enumerate(opened)))
    elapsed = time.perf_counter() - began
    for connection in opened:
        connection.close()
    return done / elapsed


async def open_loop(port: int, requests: Sequence[bytes], *, rate: float, seconds: float) -> list[float]:
    """Sorted latencies in ms of requests sent at a steady rate, without waiting for the responses of earlier ones.

    Each latency counts from the time at which the request was due, so delays of the load generator are included.
    """
    idle: list[Connection] = []
    latencies: list[float] = []

    async def one(due: float, request: bytes) -> None:
        connection = idle.pop() if idle else await Connection.open("127.0.0.1", port)
        assert await connection.send(request) == b"200"
        latencies.append((time.perf_counter() - due) * 1000)
        idle.append(connection)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(int(rate * seconds)):
            due = began + number / rate
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            group.create_task(one(due, requests[number % len(requests)]))
    for connection in idle:
        connection.close()
    return sorted(latencies)


def percentile(sorted_values: Sequence[float], share: float) -> float:
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * share))]
