"""What is sent without end, without a key, or in great numbers: refused at a limit, and nobody else notices."""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import msgspec
import pytest

from contracts.lookup_api.lookups import PATH
from lookup_service.http.connections import MAX_CHUNKS, MAX_PIPELINED
from tests.lookup_service.http.process_memory import cpu_s, peak_bytes, reset_peak, resident_bytes
from tests.lookup_service.lookup_harness import ServerProcess, body_of, source, wait_until

KEY = "k" * 32
KEYS = f"job:{KEY}:lookup"
REDIS = "redis://127.0.0.1:1/0"
MEGABYTE = 1024 * 1024
MOST_CPU_S = 0.005
"""Of the server, for a request or a refusal; either takes about a tenth of that."""
HEADER_BYTES = 16 * 1024
MOST_CONNECTIONS = 64
BEGIN = b"POST /v1/lookup HTTP/1.1\r\nhost: a\r\n"
ALIVE = b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n"
CHUNKED = BEGIN + b"transfer-encoding: chunked\r\n\r\n"
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
    log = tmp_path_factory.mktemp("connections") / "log"
    with ServerProcess(
        log,
        redis_url=REDIS,
        sources=source("campaign"),
        api_keys=KEYS,
        max_header_bytes=HEADER_BYTES,
        max_connections=MOST_CONNECTIONS,
        body_timeout_ms=2000,
    ) as running:
        running.client.headers["x-api-key"] = KEY
        yield running
    assert "Traceback" not in log.read_text()
    assert '"exception"' not in log.read_text()


def _connect(server: ServerProcess) -> socket.socket:
    return _connect_to(server.port)


def _connect_to(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=5)


def _send_until_refused(port: int, begin: bytes, part: bytes, most: int = 64 * MEGABYTE) -> tuple[int, bytes]:
    """Bytes that were sent, and the answer, as far as it came before the connection was reset."""
    answer = b""
    sent = 0
    with contextlib.suppress(ConnectionError), _connect_to(port) as connection:
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
def test_what_has_no_end_is_refused_at_its_limit(server: ServerProcess, what: str) -> None:
    sent, answer = _send_until_refused(server.port, *WITHOUT_END[what])
    assert sent < 32 * MEGABYTE  # what fits the sockets' buffers is sent before the answer is seen
    if what not in ("requests", "a body that nobody reads"):
        assert not answer.startswith(b"HTTP/1.1 200")
    assert server.client.post(PATH, content=body_of([("campaign", "a")])).status_code == 200


def _latencies(server: ServerProcess, until: Callable[[], bool]) -> list[float]:
    """Seconds of lookups with a key, one after the other."""
    body = body_of([("campaign", "a")])
    took = []
    while not until():
        started = time.perf_counter()
        assert server.client.post(PATH, content=body).status_code == 200
        took.append(time.perf_counter() - started)
        time.sleep(0.005)
    return took


def _attack(port: int, what: str, seconds: float) -> int:
    """Thirty at once that come again, in a process of their own: they must not slow down what is measured. How many
    were refused.
    """
    begin, part = WITHOUT_END[what]
    over = time.monotonic() + seconds

    def one(_: int) -> int:
        times = 0
        while time.monotonic() < over:
            # One that waits too long for the machine is no attack.
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
def test_thirty_at_once_that_come_again_cost_others_nothing(
    server: ServerProcess, attacker: ProcessPoolExecutor, what: str
) -> None:
    """Told by the server's own time and memory for each of them, which another's load does not change."""
    alone = time.monotonic() + 0.3
    _latencies(server, lambda: time.monotonic() > alone)
    reset_peak(server.process.pid)
    before, cpu_before = resident_bytes(server.process.pid), cpu_s(server.process.pid)
    attack = attacker.submit(_attack, server.port, what, 1.2)
    took = _latencies(server, attack.done)
    refused = attack.result()
    assert refused >= 30
    grown = (peak_bytes(server.process.pid) - before) / MEGABYTE
    assert grown < 24
    used = cpu_s(server.process.pid) - cpu_before
    assert used < MOST_CPU_S * (refused + len(took))
    assert max(took) < 10  # nobody waits for an attack's end


def _exchange(server: ServerProcess, request: bytes) -> bytes:
    """Everything until the server closes."""
    with _connect(server) as connection:
        connection.sendall(request)
        answer = b""
        with contextlib.suppress(ConnectionError):
            while received := connection.recv(65536):
                answer += received
        return answer


def _use(connection: socket.socket) -> None:
    """One request, after which the connection stays open."""
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


def test_a_large_header_before_a_large_body_is_refused_though_both_come_at_once(server: ServerProcess) -> None:
    request = BEGIN + b"x: " + b"a" * HEADER_BYTES + b"\r\ncontent-length: 100000\r\n\r\n" + b" " * 100_000
    assert _exchange(server, request).startswith(b"HTTP/1.1 431")


def test_trailers_are_no_headers(server: ServerProcess) -> None:
    """The key has to be there before the body."""
    body = body_of([("campaign", "a")])
    whole = b"%x\r\n%b\r\n0\r\n" % (len(body), body)
    assert _exchange(server, CHUNKED + whole + b"x-api-key: %b\r\n\r\n" % KEY.encode()).startswith(b"HTTP/1.1 401")
    keyed = BEGIN + b"x-api-key: %b\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n" % KEY.encode()
    assert _exchange(server, keyed + whole + b"x-deadline-ms: soon\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_requests_sent_ahead_are_answered_in_order_up_to_the_limit(server: ServerProcess) -> None:
    answer = _exchange(server, ALIVE * MAX_PIPELINED + _get())
    assert answer.count(b"HTTP/1.1 200") == MAX_PIPELINED + 1
    assert _exchange(server, ALIVE * (MAX_PIPELINED + 1) + _get()).count(b"HTTP/1.1 200") <= MAX_PIPELINED + 1


def test_a_body_in_many_pieces_is_read(server: ServerProcess) -> None:
    body = body_of([("campaign", "a")])
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body.ljust(MAX_CHUNKS // 2))
    keyed = BEGIN + b"x-api-key: %b\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n" % KEY.encode()
    assert _exchange(server, keyed + chunks + b"0\r\n\r\n").startswith(b"HTTP/1.1 200")
    with _connect(server) as connection:
        connection.sendall(keyed + chunks)
        for _ in range(4):  # more than may come at once
            time.sleep(0.1)
            connection.sendall(b"1\r\n \r\n" * (MAX_CHUNKS // 2))
        connection.sendall(b"0\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 200"
    assert b"200 OK" not in _exchange(server, keyed + chunks + b"1\r\n \r\n" * (20 * MAX_CHUNKS) + b"0\r\n\r\n")


def test_what_is_not_http_is_told_so(server: ServerProcess) -> None:
    head, _, body = _exchange(server, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400")
    assert msgspec.json.decode(body)["title"] == "Bad Request"


def test_idle_connections_make_room_for_new_ones(server: ServerProcess) -> None:
    """The one that has been idle for longest goes first, and one without a request before all others."""
    used, unused = [], []
    try:
        for _ in range(MOST_CONNECTIONS // 2):
            used.append(_connect(server))
            _use(used[-1])
        unused = [_connect(server) for _ in range(MOST_CONNECTIONS)]
        time.sleep(0.7)
        assert server.client.get("/healthz").status_code == 200
        for connection in used:
            _use(connection)
        assert unused[0].recv(1) == b""
    finally:
        for connection in [*used, *unused]:
            connection.close()


def test_where_every_connection_waits_for_an_answer_new_ones_are_refused(server: ServerProcess) -> None:
    waiting = [_connect(server) for _ in range(MOST_CONNECTIONS)]
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


def test_blank_lines_now_and_then_do_not_keep_a_connection(server: ServerProcess) -> None:
    with _connect(server) as connection:
        _use(connection)
        started = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while time.monotonic() < started + 6:
                connection.sendall(b"\r\n")
                time.sleep(0.2)
        assert 1.5 < time.monotonic() - started < 4


def test_an_answer_that_nobody_fetches_is_given_up(server: ServerProcess) -> None:
    """And so its memory, too: the connection ends though the client is still there."""
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
