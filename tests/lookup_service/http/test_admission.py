"""API keys, limits, slow clients, many clients, TLS and several workers, with real servers."""

import contextlib
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from assurance.servers.wait import wait_until
from contracts.lookup_api.lookups import PATH
from local_stack.processes.ports import free_port
from lookup_service.healthcheck import is_alive
from tests.lookup_service.lookup_harness import (
    LONDON,
    RedisServer,
    ServerProcess,
    ask,
    body_of,
    city_source,
    client_of,
    deadline,
    profile_sources,
    statuses,
)

pytestmark = pytest.mark.servers

KEY = "k" * 32
REDIS = "redis://127.0.0.1:1/0"
BODY_TIMEOUT_S = 0.3
TOO_SLOW = b"HTTP/1.1 408"
REQUEST = b"POST /v1/lookup HTTP/1.1\r\nhost: a\r\ncontent-length: %d\r\n\r\n"


@pytest.fixture(scope="module")
def server(city: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    log = tmp_path_factory.mktemp("protected") / "log"
    with ServerProcess(
        log, redis_url=REDIS, sources=city_source(city), body_timeout_ms=int(BODY_TIMEOUT_S * 1000)
    ) as running:
        yield running
    assert "Traceback" not in log.read_text()


def _connect(server: ServerProcess) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=10)


def _read_all(connection: socket.socket) -> bytes:
    """Everything that the server sends until it closes the connection."""
    answer = b""
    while part := connection.recv(65536):
        answer += part
    return answer


def test_ten_megabytes_are_rejected_before_they_are_read(server: ServerProcess) -> None:
    with _connect(server) as connection:
        connection.sendall(REQUEST % 10_000_000 + b" " * 1000)
        answer = _read_all(connection)
    assert answer.startswith(b"HTTP/1.1 413")
    response = server.client.post(PATH, content=b" " * 10_000_000)
    assert response.status_code == 413
    assert server.client.get("/healthz").status_code == 200


def test_ten_megabytes_in_chunks_are_rejected(server: ServerProcess) -> None:
    with _connect(server) as connection:
        connection.sendall(b"POST /v1/lookup HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n")
        with contextlib.suppress(OSError):  # the server may have responded and closed
            for _ in range(10):
                connection.sendall(b"f4240\r\n" + b" " * 1_000_000 + b"\r\n")
        with contextlib.suppress(ConnectionResetError):  # the server closed without reading all bytes
            assert connection.recv(12) == b"HTTP/1.1 413"
    assert statuses(server.ask([("ip", LONDON)])) == ["ok"]


@pytest.mark.parametrize(
    ("sent", "answered"),
    [(b"", b""), (b"POST /v1/loo", TOO_SLOW), (REQUEST[:-10], TOO_SLOW), (REQUEST % 100 + b"{", TOO_SLOW)],
    ids=["nothing", "a line", "headers", "a body"],
)
def test_slow_senders_time_out(server: ServerProcess, sent: bytes, answered: bytes) -> None:
    with _connect(server) as connection:
        started = time.monotonic()
        connection.sendall(sent)
        answer = _read_all(connection)
        elapsed = time.monotonic() - started
    assert answer[: len(TOO_SLOW)] == answered
    assert BODY_TIMEOUT_S * 0.9 <= elapsed < BODY_TIMEOUT_S + 5


def test_many_slow_senders_do_not_block_other_clients(server: ServerProcess) -> None:
    slow = [_connect(server) for _ in range(400)]
    try:
        for connection in slow:
            connection.sendall(REQUEST % 100)
        assert statuses(server.ask([("ip", LONDON)])) == ["ok"]
    finally:
        for connection in slow:
            connection.close()


def test_the_image_s_health_check(server: ServerProcess) -> None:
    assert is_alive(server.port, tls=False)
    assert not is_alive(free_port(), tls=False)


def test_a_kept_alive_connection_works_after_the_header_timeout(server: ServerProcess) -> None:
    assert server.client.get("/healthz").status_code == 200
    time.sleep(BODY_TIMEOUT_S * 1.5)
    assert statuses(server.ask([("ip", LONDON)])) == ["ok"]


def test_two_hundred_concurrent_clients_all_get_responses(city: Path, tmp_path: Path) -> None:
    body = body_of([("ip", LONDON)] * 50)
    with ServerProcess(tmp_path / "log", redis_url=REDIS, sources=city_source(city)) as server:

        def one(_: int) -> list[int]:
            with httpx.Client(base_url=server.client.base_url, timeout=60) as client:
                return [client.post(PATH, content=body).status_code for _ in range(5)]

        with ThreadPoolExecutor(200) as pool:
            codes = Counter(code for codes in pool.map(one, range(200)) for code in codes)
    assert codes == {200: 1000}


def test_requests_above_the_concurrency_limit_get_429_and_retry_after(executable: str, tmp_path: Path) -> None:
    with RedisServer(executable) as redis:
        sources = profile_sources(redis.url, 1500, error_ttl_s=0)
        with (
            ServerProcess(tmp_path / "log", redis_url=REDIS, sources=sources, max_concurrency=2) as server,
            redis.frozen(),
            ThreadPoolExecutor(6) as pool,
        ):
            bodies = [body_of([("user", f"u{n}")]) for n in range(6)]
            responses = list(
                pool.map(lambda body: server.client.post(PATH, content=body, headers=deadline(1000)), bodies)
            )
            assert server.client.get("/healthz").status_code == 200
    assert Counter(response.status_code for response in responses) == {200: 2, 429: 4}
    assert all(response.headers["retry-after"] == "1" for response in responses if response.status_code == 429)


@pytest.mark.anyio
async def test_api_keys(city: Path, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(f"job:{KEY}\n\nother:{'o' * 32}\n")
    async with client_of(redis_url=REDIS, sources=city_source(city), api_keys_path=tmp_path / "keys") as client:
        wrong: list[dict[str, str]] = [
            {},
            {"x-api-key": ""},
            {"x-api-key": "x" * 32},
            {"authorization": "Bearer x"},
        ]
        for headers in wrong:
            response = await client.post(PATH, content=body_of([("ip", LONDON)]), headers=headers)
            assert response.status_code == 401
            assert (await client.get("/metrics", headers=headers)).status_code == 401
        right = [{"x-api-key": KEY}, {"authorization": f"Bearer {KEY}"}, {"authorization": f"bearer {'o' * 32}"}]
        for headers in right:
            assert statuses(await ask(client, [("ip", LONDON)], headers)) == ["ok"]
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/readyz")).status_code == 200
        text = (await client.get("/metrics", headers={"x-api-key": KEY})).text
    assert 'lookup_client_requests_total{client="job"} 3.0' in text
    assert KEY not in text


@pytest.mark.parametrize("keys", ["secret", "a:secret", f":{'s' * 20}", f"a:{'s' * 20},a:{'t' * 20}", ","])
def test_the_service_does_not_start_with_malformed_api_keys(tmp_path: Path, keys: str) -> None:
    with (
        pytest.raises(AssertionError, match="API") as caught,
        ServerProcess(tmp_path / "log", redis_url=REDIS, sources="", api_keys=keys),
    ):
        pass
    assert "secret" not in str(caught.value)
    assert "sss" not in str(caught.value)


def test_tls(city: Path, tmp_path: Path) -> None:
    certificate, key = _self_signed(tmp_path)
    with ServerProcess(
        tmp_path / "log",
        redis_url=REDIS,
        sources=city_source(city),
        tls_certificate_path=certificate,
        tls_key_path=key,
        scheme="https",
        verify=ssl.create_default_context(cafile=str(certificate)),
    ) as server:
        assert statuses(server.ask([("ip", LONDON)])) == ["ok"]
        assert is_alive(server.port, tls=True)
        assert not is_alive(server.port, tls=False)


def test_several_workers_serve_one_port_and_share_their_metrics(city: Path, tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "log", redis_url=REDIS, sources=city_source(city), workers=2) as server:
        for _ in range(20):
            with httpx.Client(base_url=server.client.base_url) as client:
                assert client.post(PATH, content=body_of([("ip", LONDON)])).status_code == 200
        wait_until(
            lambda: 'lookup_requests_total{code="200"} 20.0' in server.client.get("/metrics").text,
            what="the workers' figures are put together",
        )
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=15) == 0


def _self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    certificate, key = folder / "certificate", folder / "key"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    command += ["-subj", "/CN=lookup", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    return certificate, key
