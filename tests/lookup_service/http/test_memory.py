"""Memory for request bodies: limited, returned to the system, and not used for requests without an API key."""

import asyncio
import contextlib
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import Message, Receive

from contracts.lookup_api.lookups import PATH
from lookup_service import memory
from lookup_service.http.body_reading import MEMORY_FULL, SMALL_BYTES, BodyReader
from lookup_service.http.error_response import ErrorResponse
from lookup_service.settings import Settings
from tests.lookup_service.http.process_memory import peak_bytes, reset_peak, resident_bytes
from tests.lookup_service.lookup_harness import ServerProcess, body_of, environment, source

KEY = "k" * 32
REDIS = "redis://127.0.0.1:1/0"
MEGABYTE = 1024 * 1024
MAX_BODY_BYTES: int = Settings.model_fields["max_body_bytes"].default
COMPOSE_LIMIT = 512 * MEGABYTE


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    log = tmp_path_factory.mktemp("bodies") / "log"
    budget = memory.body_memory_bytes(limit=COMPOSE_LIMIT, workers=1, max_body_bytes=MAX_BODY_BYTES)
    with ServerProcess(
        log,
        redis_url=REDIS,
        sources=source("campaign"),
        api_keys=f"job:{KEY}",
        max_body_memory_bytes=budget,
        body_timeout_ms=60_000,
    ) as running:
        running.client.headers["x-api-key"] = KEY
        yield running


class Sender:
    """Sends a request in two steps, so that many bodies are in the server's memory at once even if the test is slow."""

    def __init__(self, server: ServerProcess, *headers: bytes, path: str = PATH) -> None:
        self._socket = socket.create_connection(("127.0.0.1", server.port), timeout=30)
        self._lines = [b"POST %b HTTP/1.1" % path.encode(), b"host: a", b"connection: close", *headers]

    def begin(self, body: bytes) -> None:
        with contextlib.suppress(ConnectionError):  # the server may reject it before all is sent
            self._socket.sendall(b"\r\n".join(self._lines) + b"\r\n\r\n" + body)

    def end(self, rest: bytes) -> bytes:
        """The response's first line and headers; empty if the connection was reset before they were read."""
        response = b""
        with contextlib.suppress(ConnectionError):
            self._socket.sendall(rest)
        with contextlib.suppress(ConnectionError):
            while part := self._socket.recv(65536):
                response += part
        self._socket.close()
        return response.partition(b"\r\n\r\n")[0]


@pytest.mark.servers
@pytest.mark.parametrize(("path", "is_chunked"), [(PATH, False), ("/v1/features/user", True)])
def test_two_hundred_large_bodies_at_once(server: ServerProcess, path: str, is_chunked: bool) -> None:
    body = body_of([("campaign", "a")]) + b" " * (MAX_BODY_BYTES - 1000)
    headers = [b"x-api-key: " + KEY.encode()]
    if is_chunked:
        headers.append(b"transfer-encoding: chunked")
        body, rest = b"%x\r\n%b\r\n" % (len(body), body), b"0\r\n\r\n"
    else:
        headers.append(b"content-length: %d" % len(body))
        body, rest = body[:-1], body[-1:]
    before = resident_bytes(server.process.pid)
    reset_peak(server.process.pid)
    senders = [Sender(server, *headers, path=path) for _ in range(200)]
    for sender in senders:
        sender.begin(body)
    assert (
        server.client.post(PATH, content=body_of([("campaign", "a")])).status_code == 200
    )  # memory is reserved for small bodies
    answers = [sender.end(rest) for sender in senders]
    peak = peak_bytes(server.process.pid)
    time.sleep(0.5)
    after = resident_bytes(server.process.pid)
    codes = Counter(answer.split(b" ")[1] for answer in answers if answer)
    assert peak < COMPOSE_LIMIT * 0.6
    assert after < before + 32 * MEGABYTE
    assert set(codes) <= {b"200", b"422", b"429"}
    assert codes[b"429"] > 0
    assert codes[b"200"] + codes[b"422"] > 0
    assert all(b"retry-after: 1" in answer for answer in answers if b" 429 " in answer)
    assert server.client.post(PATH, content=body_of([("campaign", "a")])).status_code == 200


@pytest.mark.servers
def test_requests_without_an_api_key_use_no_memory(server: ServerProcess) -> None:
    body = b" " * (MAX_BODY_BYTES - 1)
    senders = [Sender(server, b"content-length: %d" % MAX_BODY_BYTES) for _ in range(100)]
    reset_peak(server.process.pid)
    before = resident_bytes(server.process.pid)
    for sender in senders:
        sender.begin(body)
    answers = [sender.end(b" ") for sender in senders]
    assert {answer.split(b" ")[1] for answer in answers if answer} == {b"401"}
    assert peak_bytes(server.process.pid) - before < 8 * MEGABYTE


def _receive(parts: Sequence[bytes], *, then: str = "end") -> Receive:
    left = list(parts)

    async def receive() -> Message:
        if not left:
            if then == "disconnect":
                return {"type": "http.disconnect"}
            await asyncio.sleep(60)
        part = left.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(left) or then != "end"}

    return receive


@pytest.mark.slow
@given(
    parts=st.lists(st.binary(max_size=40), min_size=1, max_size=8),
    then=st.sampled_from(["end", "disconnect", "nothing"]),
    declared=st.sampled_from([None, b"0", b"20", b"101", b"x", b"9" * 40]),
)
@settings(max_examples=200, deadline=None)
def test_a_body_is_complete_or_rejected_and_its_memory_is_released(
    parts: list[bytes], then: str, declared: bytes | None
) -> None:
    bodies = BodyReader(max_bytes=100, timeout_s=0.001, memory_bytes=200)

    async def read_twice() -> None:
        body = await bodies.read(declared, _receive(parts, then=then))
        whole = b"".join(parts)
        if isinstance(body, ErrorResponse):
            assert then != "end" or len(whole) > 100 or declared in (b"101", b"9" * 40)
        else:
            assert (type(body), body) == (bytes, whole)
            assert bodies.free_bytes == 200 - len(whole)
            bodies.release(body)
        assert bodies.free_bytes == 200

    asyncio.run(read_twice())


async def _body_of_size(bodies: BodyReader, size: int) -> bytes | ErrorResponse:
    return await bodies.read(None, _receive([b" " * size]))


def test_memory_is_reserved_for_small_bodies() -> None:
    async def fill() -> None:
        bodies = BodyReader(max_bytes=MEGABYTE, timeout_s=1, memory_bytes=2 * MEGABYTE)
        kept = [await _body_of_size(bodies, MEGABYTE // 2) for _ in range(3)]
        assert not any(isinstance(body, ErrorResponse) for body in kept)
        assert await _body_of_size(bodies, MEGABYTE // 2) is MEMORY_FULL
        assert not isinstance(await _body_of_size(bodies, SMALL_BYTES), ErrorResponse)
        assert await bodies.read(b"500000", _receive([b""])) is MEMORY_FULL

    asyncio.run(fill())


def test_the_memory_for_bodies_is_a_share_of_the_limit() -> None:
    share = memory.body_memory_bytes(limit=COMPOSE_LIMIT, workers=2, max_body_bytes=MEGABYTE)
    assert share == COMPOSE_LIMIT // 16
    assert memory.body_memory_bytes(limit=1, workers=1, max_body_bytes=MEGABYTE) == 2 * MEGABYTE
    assert memory.body_memory_bytes(limit=2**50, workers=1, max_body_bytes=MEGABYTE) == memory.MAX_BODY_MEMORY_BYTES


@pytest.mark.parametrize(
    ("files", "own"),
    [
        ({"memory.max": "1000"}, "0::/"),
        ({"a/b/memory.max": "max", "a/memory.max": "1000", "memory.max": "max"}, "0::/a/b"),
        ({"a/memory.max": "2000", "memory.max": "1000"}, "0::/a"),
        ({"memory/docker/x/memory.limit_in_bytes": "1000"}, "3:cpu:/\n4:memory,pids:/docker/x"),
        ({"memory/memory.limit_in_bytes": "1000"}, "4:memory:/docker/not-seen-from-here"),
    ],
)
def test_the_limit_is_the_smallest_of_the_control_groups(tmp_path: Path, files: dict[str, str], own: str) -> None:
    for name, text in files.items():
        path = tmp_path / "cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    (tmp_path / "own").write_text(f"{own}\n")
    assert memory.limit_bytes(tmp_path / "cgroup", tmp_path / "own") == 1000


@pytest.mark.servers
def test_without_control_groups_the_limit_is_the_machines_or_the_processs(tmp_path: Path) -> None:
    machine = memory.limit_bytes(tmp_path, tmp_path / "none")
    assert machine > 64 * MEGABYTE
    script = "from lookup_service.memory import limit_bytes; print(limit_bytes())"
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({COMPOSE_LIMIT},) * 2); {script}"
    found = subprocess.run(
        [sys.executable, "-c", limited], env=environment(), capture_output=True, text=True, timeout=30, check=True
    )
    assert int(found.stdout) <= COMPOSE_LIMIT
