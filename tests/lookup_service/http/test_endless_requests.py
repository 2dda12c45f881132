"""Requests without end and without an API key are rejected at a limit and do not affect other clients."""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import pytest

from contracts.lookup_api.lookups import PATH
from tests.lookup_service.http.limited_server import (
    ALIVE,
    BEGIN,
    CHUNKED,
    limited_server,
)
from tests.lookup_service.http.process_memory import cpu_s, peak_bytes, reset_peak, resident_bytes
from tests.lookup_service.lookup_harness import ServerProcess, body_of

pytestmark = pytest.mark.servers

MEGABYTE = 1024 * 1024
MAX_CPU_S = 0.005
"""Limit of the server's processor time for one request or rejection; either takes about a tenth of it."""


WITHOUT_END = {
    "a header": (BEGIN + b"x: ", b"a" * 65536),
    "a header's name": (BEGIN, b"a" * 65536),
    "many headers": (BEGIN, b"a: b\r\n" * 10_000),
    "the request line": (b"GET /", b"a" * 65536),
    "blank lines": (b"", b"\r\n" * 32768),
    "a chunk's extension": (CHUNKED + b"4;a=", b"a" * 65536),
    "trailers": (CHUNKED + b"0\r\n", b"a: b\r\n" * 10_000),
    "a trailer": (CHUNKED + b"0\r\na: ", b"a" * 65536),
    "chunks": (CHUNKED, b"1\r\na\r\n" * 10_000),
    "a body": (BEGIN + b"content-length: 99999999999\r\n\r\n", b"a" * 65536),
    "requests": (b"", ALIVE * 2000),
    "a body that nobody reads": (
        b"POST /healthz HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n",
        b"ffff\r\n" + b"a" * 65535 + b"\r\n",
    ),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with limited_server(tmp_path_factory.mktemp("connections")) as running:
        yield running


def _send_until_refused(port: int, begin: bytes, part: bytes, most: int = 64 * MEGABYTE) -> tuple[int, bytes]:
    """Bytes sent, and the part of the response that arrived before the connection was reset."""
    answer = b""
    sent = 0
    with contextlib.suppress(ConnectionError), socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        try:
            connection.sendall(begin)
            while sent < most:
                connection.sendall(part)
                sent += len(part)
        finally:
            with contextlib.suppress(ConnectionError):
                while received := connection.recv(65536):
                    answer += received
    return sent, answer


@pytest.mark.parametrize("what", WITHOUT_END)
def test_endless_requests_are_rejected_at_a_limit(server: ServerProcess, what: str) -> None:
    sent, answer = _send_until_refused(server.port, *WITHOUT_END[what])
    assert sent < 32 * MEGABYTE  # the sockets' buffers accept more before the response is seen
    if what not in ("requests", "a body that nobody reads"):
        assert not answer.startswith(b"HTTP/1.1 200")
    assert server.client.post(PATH, content=body_of([("campaign", "a")])).status_code == 200


def _latencies(server: ServerProcess, until: Callable[[], bool]) -> list[float]:
    """Seconds that each of several consecutive lookups takes."""
    body = body_of([("campaign", "a")])
    took = []
    while not until():
        started = time.perf_counter()
        assert server.client.post(PATH, content=body).status_code == 200
        took.append(time.perf_counter() - started)
        time.sleep(0.005)
    return took


def _attack(port: int, what: str, seconds: float) -> int:
    """Thirty concurrent senders that reconnect repeatedly. Returns how many connections sent anything.

    Runs in a process of its own, so that it does not slow down the measured requests.
    """
    begin, part = WITHOUT_END[what]
    over = time.monotonic() + seconds

    def one(_: int) -> int:
        times = 0
        while time.monotonic() < over:
            # A sender that waits too long for a busy machine does not count.
            with contextlib.suppress(TimeoutError):
                sent, _answer = _send_until_refused(port, begin, part, most=8 * MEGABYTE)
                times += sent > 0
            time.sleep(0.2)
        return times

    with ThreadPoolExecutor(30) as pool:
        return sum(pool.map(one, range(30)))


@pytest.fixture(scope="module")
def attacker() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        pool.submit(int).result()
        yield pool


@pytest.mark.parametrize("what", WITHOUT_END)
def test_thirty_repeated_endless_senders_do_not_affect_other_clients(
    server: ServerProcess, attacker: ProcessPoolExecutor, what: str
) -> None:
    """Measured by the server's processor time and memory, which do not depend on the load of the machine."""
    alone = time.monotonic() + 0.3
    _latencies(server, lambda: time.monotonic() > alone)
    reset_peak(server.process.pid)
    before, cpu_before = resident_bytes(server.process.pid), cpu_s(server.process.pid)
    attack = attacker.submit(_attack, server.port, what, 1.2)
    took = _latencies(server, attack.done)
    rejected = attack.result()
    assert rejected >= 30
    grown = (peak_bytes(server.process.pid) - before) / MEGABYTE
    assert grown < 24
    used = cpu_s(server.process.pid) - cpu_before
    assert used < MAX_CPU_S * (rejected + len(took))
    assert max(took) < 10  # no lookup waits for the end of the attack
