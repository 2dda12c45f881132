"""The limits of connections: headers, chunks, pipelining, number of connections, and time."""

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from assurance.servers.wait import wait_until
from lookup_service.http.connections import MAX_CHUNKS, MAX_PIPELINED
from tests.lookup_service.http.limited_server import (
    ALIVE,
    BEGIN,
    CHUNKED,
    HEADER_BYTES,
    KEY,
    MAX_CONNECTIONS,
    limited_server,
)
from tests.lookup_service.lookup_harness import ServerProcess, body_of

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with limited_server(tmp_path_factory.mktemp("connections")) as running:
        yield running


def _connect(server: ServerProcess) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=5)


def _exchange(server: ServerProcess, request: bytes) -> bytes:
    """Everything that the server sends until it closes the connection."""
    with _connect(server) as connection:
        connection.sendall(request)
        answer = b""
        with contextlib.suppress(ConnectionError):
            while received := connection.recv(65536):
                answer += received
        return answer


def _use(connection: socket.socket) -> None:
    """Sends one request; the connection stays open."""
    connection.sendall(ALIVE)
    answer = b""
    while not answer.endswith(b'{"alive":true}'):
        received = connection.recv(4096)
        assert received
        answer += received
    assert answer.startswith(b"HTTP/1.1 200")


def _get(*headers: bytes) -> bytes:
    return b"\r\n".join([b"GET /healthz HTTP/1.1", b"host: a", *headers, b"connection: close", b"", b""])


def test_headers_up_to_the_limit_are_read_and_above_it_are_not(server: ServerProcess) -> None:
    assert _exchange(server, _get(b"x: " + b"a" * (HEADER_BYTES - 200))).startswith(b"HTTP/1.1 200")
    assert _exchange(server, _get(*[b"x: a"] * 90)).startswith(b"HTTP/1.1 200")
    for headers in ([b"x: " + b"a" * HEADER_BYTES], [b"x: a"] * 100):
        head, _, body = _exchange(server, _get(*headers)).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")
        assert b"content-type: application/problem+json" in head
        problem = msgspec.json.decode(body, type=dict[str, object])
        assert (problem["status"], problem["field"]) == (431, "headers")


def test_a_large_header_in_the_same_read_as_a_large_body_is_rejected(server: ServerProcess) -> None:
    request = BEGIN + b"x: " + b"a" * HEADER_BYTES + b"\r\ncontent-length: 100000\r\n\r\n" + b" " * 100_000
    assert _exchange(server, request).startswith(b"HTTP/1.1 431")


def test_trailers_are_not_taken_for_headers(server: ServerProcess) -> None:
    """The API key must be in the headers before the body."""
    body = body_of([("campaign", "a")])
    whole = b"%x\r\n%b\r\n0\r\n" % (len(body), body)
    assert _exchange(server, CHUNKED + whole + b"x-api-key: %b\r\n\r\n" % KEY.encode()).startswith(b"HTTP/1.1 401")
    keyed = BEGIN + b"x-api-key: %b\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n" % KEY.encode()
    assert _exchange(server, keyed + whole + b"x-deadline-ms: soon\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_pipelined_requests_are_answered_in_order_up_to_the_limit(server: ServerProcess) -> None:
    answer = _exchange(server, ALIVE * MAX_PIPELINED + _get())
    assert answer.count(b"HTTP/1.1 200") == MAX_PIPELINED + 1
    assert _exchange(server, ALIVE * (MAX_PIPELINED + 1) + _get()).count(b"HTTP/1.1 200") <= MAX_PIPELINED + 1


def test_a_body_in_many_chunks_is_read_up_to_the_limit(server: ServerProcess) -> None:
    body = body_of([("campaign", "a")])
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body.ljust(MAX_CHUNKS // 2))
    keyed = BEGIN + b"x-api-key: %b\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n" % KEY.encode()
    assert _exchange(server, keyed + chunks + b"0\r\n\r\n").startswith(b"HTTP/1.1 200")
    with _connect(server) as connection:
        connection.sendall(keyed + chunks)
        for _ in range(4):  # together more than is allowed in one read
            time.sleep(0.1)
            connection.sendall(b"1\r\n \r\n" * (MAX_CHUNKS // 2))
        connection.sendall(b"0\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 200"
    assert b"200 OK" not in _exchange(server, keyed + chunks + b"1\r\n \r\n" * (20 * MAX_CHUNKS) + b"0\r\n\r\n")


def test_a_request_that_is_not_http_gets_status_400(server: ServerProcess) -> None:
    head, _, body = _exchange(server, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400")
    assert msgspec.json.decode(body)["title"] == "Bad Request"


def test_idle_connections_are_closed_for_new_ones(server: ServerProcess) -> None:
    """Connections without a request are closed first, then those that have been idle for longest."""
    used, unused = [], []
    try:
        for _ in range(MAX_CONNECTIONS // 2):
            used.append(_connect(server))
            _use(used[-1])
        unused = [_connect(server) for _ in range(MAX_CONNECTIONS)]
        time.sleep(0.7)
        assert server.client.get("/healthz").status_code == 200
        for connection in used:
            _use(connection)
        assert unused[0].recv(1) == b""
    finally:
        for connection in [*used, *unused]:
            connection.close()


def test_new_connections_are_rejected_while_all_are_in_use(server: ServerProcess) -> None:
    waiting = [_connect(server) for _ in range(MAX_CONNECTIONS)]
    try:
        for connection in waiting:
            connection.sendall(BEGIN + b"x-api-key: %b\r\ncontent-length: 5\r\n\r\n" % KEY.encode())
        answers: list[bytes] = []

        def is_refused() -> bool:
            answers.append(_exchange(server, _get()))
            return answers[-1].startswith(b"HTTP/1.1 503")

        wait_until(is_refused, what="all connections wait", timeout_s=2)
        assert b"retry-after: 1" in answers[-1]
    finally:
        for connection in waiting:
            connection.close()
    wait_until(lambda: server.client.get("/healthz").status_code == 200, what="there is room again")


def test_blank_lines_do_not_keep_a_connection_open(server: ServerProcess) -> None:
    with _connect(server) as connection:
        _use(connection)
        started = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while time.monotonic() < started + 6:
                connection.sendall(b"\r\n")
                time.sleep(0.2)
        assert 1.5 < time.monotonic() - started < 4


def test_a_connection_whose_client_does_not_read_is_closed(server: ServerProcess) -> None:
    """Closing it releases the memory of the response, although the client keeps its side open."""
    files = Path(f"/proc/{server.process.pid}/fd")
    before = len(list(files.iterdir()))
    request = ALIVE.replace(b"/healthz", b"/docs/swagger-ui-bundle.js")
    unfetched = []
    for _ in range(10):
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", server.port))
        connection.sendall(request * 8)
        unfetched.append(connection)
    try:
        wait_until(lambda: len(list(files.iterdir())) >= before + 10, what="they are connected")
        wait_until(lambda: len(list(files.iterdir())) <= before, what="they are given up", timeout_s=8)
    finally:
        for connection in unfetched:
            connection.close()
