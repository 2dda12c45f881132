"""The log never shows a value of a request, at any level and from any library."""

import contextlib
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import httpx
import msgspec
import pytest

from assurance.servers.wait import wait_until
from contracts.lookup_api import enrich as enrichment
from contracts.lookup_api import features
from contracts.lookup_api.lookups import DEADLINE_HEADER, PATH
from local_stack.processes.ports import free_port
from lookup_service.http.openapi_examples import EXAMPLE_EVENT
from lookup_service.seed.database import seed
from tests.lookup_service.lookup_harness import (
    Keys,
    RedisServer,
    ServerProcess,
    body_of,
    environment,
    profile_sources,
    source,
)

pytestmark = pytest.mark.servers

CANARY = "canary7f3a"
ADDRESS = "81.2.69.142"
SCRIPT = """
import logging
import structlog
from lookup_service.http import logs

logs.configure("info")
try:
    raise ValueError("secret 81.2.69.142")
except ValueError:
    structlog.get_logger("a").exception("ours")
    logging.getLogger("uvicorn.error").exception("theirs")
"""
LIBRARIES = """
import asyncio, gc, logging, threading, warnings
import structlog
from lookup_service.http import logs

logs.configure("debug")
structlog.get_logger("lookup_service.a").debug("ours_at_debug", source="s")
for name in ("aiosqlite", "asyncio", "redis", "asyncpg", "uvicorn.access", "some.library"):
    own = logging.getLogger(name)
    own.setLevel(1)
    for level in (1, 10, 20, 30, 40, 50):
        own.log(level, "asked for %s", "secret")
        own.log(level, "asked for secret")
    own.warning("stack of secret", stack_info=True)
warnings.warn("secret")

async def lose_a_task() -> None:
    async def fail(user_id: str) -> None:
        raise ValueError(user_id)
    task = asyncio.create_task(fail("secret"), name="secret")
    await asyncio.sleep(0)
    del task
    gc.collect()

asyncio.run(lose_a_task(), debug=True)

def fail(user_id: str) -> None:
    raise ValueError(user_id)

thread = threading.Thread(target=fail, args=("secret",))
thread.start()
thread.join()

class Failing:
    def __del__(self) -> None:
        raise ValueError("secret")

Failing()
fail("secret")
"""


def _run(script: str) -> tuple[int, list[dict[str, object]], str]:
    ended = subprocess.run(
        [sys.executable, "-c", script], env=environment(), capture_output=True, text=True, timeout=30, check=False
    )
    entries = [msgspec.json.decode(line, type=dict[str, object]) for line in ended.stdout.splitlines()]
    return ended.returncode, entries, ended.stdout + ended.stderr


def test_exceptions_show_no_message() -> None:
    _, entries, text = _run(SCRIPT)
    assert [entry["event"] for entry in entries] == ["ours", "theirs"]
    for entry in entries:
        assert (entry["level"], entry["exception"], entry["at"]) == ("error", "ValueError", ["<module>:8"])
    assert "secret" not in text


def test_library_logs_and_uncaught_exceptions_show_no_values_even_at_debug() -> None:
    code, entries, text = _run(LIBRARIES)
    assert code == 1
    assert "secret" not in text
    events = [str(entry["event"]) for entry in entries]
    assert {"ours_at_debug", "uncaught", "uncaught_in_thread", "unraisable"} <= set(events)
    assert sum(event.startswith("asked for %s (") for event in events) == 18
    assert sum(entry["logger"] == "asyncio" for entry in entries) > 6  # includes that of the lost task
    assert any(entry["logger"] == "py.warnings" for entry in entries)
    [uncaught] = [entry for entry in entries if entry["event"] == "uncaught"]
    assert uncaught["exception"] == "ValueError"


@pytest.fixture
def profiles(tmp_path: Path) -> Path:
    path = tmp_path / "profiles.db"
    seed(f"sqlite:///{path}", user_count=2, listing_count=2, seed_number=1)
    return path


@pytest.fixture
def redis(executable: str) -> Iterator[RedisServer]:
    with RedisServer(executable) as server:
        server.put(**{f"user:{CANARY}": b"{", f"features:user:{CANARY}": b"{"})
        yield server


@pytest.fixture
def server(redis: RedisServer, profiles: Path, tmp_path: Path) -> Iterator[ServerProcess]:
    """A service with every kind of source, one of which is unreachable."""
    each_time = {"memory_entries": 0, "error_ttl_s": 0}
    sources = "".join(source(name) for name in ("user_agent", "referrer", "campaign"))
    for kind in ("user", "listing"):
        sources += source("sqlite", kind=kind, path=str(profiles), cache=each_time)
    sources += profile_sources(redis.url, 300, **each_time)
    away = f"http://127.0.0.1:{free_port()}/{{key}}"
    sources += source(
        "http_api", kind="user", name="away", url=away, allow_private=True, timeout_ms=300, cache=each_time
    ).replace("[source.cache]", 'fields = { user_segment = "segment" }\n[source.cache]')
    with ServerProcess(
        tmp_path / "log", redis_url=redis.url, sources=sources, log_level="debug", body_timeout_ms=500
    ) as running:
        yield running


KEYS: Keys = [
    ("user", CANARY),
    ("listing", CANARY),
    ("ip", ADDRESS),
    ("network", ADDRESS),
    ("useragent", f"Mozilla/5.0 {CANARY}"),
    ("referrer", f"https://{CANARY}.example/?q={CANARY}"),
    ("campaign", f"https://market.example/?utm_source={CANARY}"),
]


def _requests() -> Sequence[httpx.Request]:
    """Valid and invalid requests to every endpoint."""

    def of(method: str, path: str, body: bytes | None = None, **headers: str) -> httpx.Request:
        given = {"user-agent": CANARY, "x-api-key": CANARY} | headers
        return httpx.Request(method, f"http://lookup{path}", content=body, headers=given)

    event = EXAMPLE_EVENT | {"actor": {"user_ipaddress": ADDRESS, "user_id": CANARY, "useragent": CANARY}}
    wrong = msgspec.json.encode([event | {"event_name": CANARY * 100}, {"user_id": CANARY}, CANARY])
    ids = msgspec.json.encode({"ids": [CANARY, "a"]})
    in_query = f"?user={CANARY}&address={ADDRESS}"
    return [
        of("POST", PATH, body_of(KEYS)),
        of("POST", PATH, body_of([("user", CANARY)]) + CANARY.encode()),
        of("POST", PATH, b'{"keys":[{"kind":"%b","key":"%b"}]}' % (CANARY.encode(), CANARY.encode())),
        of("POST", PATH, body_of(KEYS), **{DEADLINE_HEADER: CANARY}),
        of("POST", PATH, body_of(KEYS), **{DEADLINE_HEADER: "1"}),
        of("POST", PATH, body_of(KEYS), **{"content-type": CANARY, "content-encoding": CANARY}),
        of("POST", enrichment.PATH, msgspec.json.encode([event] * 3)),
        of("POST", enrichment.PATH, wrong),
        of("POST", enrichment.PATH, wrong, **{enrichment.COLLECTOR_HEADER: CANARY}),
        of("GET", f"{features.PATH}/user/{CANARY}{in_query}"),
        of("GET", f"{features.PATH}/{CANARY}/a"),
        of("GET", f"{features.PATH}/user/{CANARY * 20}"),
        of("POST", f"{features.PATH}/user", ids),
        of("POST", f"{features.PATH}/user", ids + b"]"),
        of("DELETE", f"/v1/cache/user/{CANARY}"),
        of("DELETE", f"/v1/cache/{CANARY}/a"),
        *[of(method, f"/{CANARY}{in_query}") for method in ("GET", "PUT")],
        *[of("GET", f"{path}{in_query}") for path in ("/healthz", "/readyz", "/metrics", "/docs", "/openapi.json")],
    ]


def _ask_everything(server: ServerProcess) -> None:
    for request in _requests():
        response = server.client.send(
            httpx.Request(
                request.method,
                server.client.base_url.join(str(request.url.raw_path, "ascii")),
                content=request.content,
                headers={**request.headers, "host": CANARY},
            )
        )
        assert response.status_code < 600


def _ask_badly(server: ServerProcess) -> None:
    begin = f"POST {PATH}?{CANARY} HTTP/1.1\r\nx-user: {CANARY}\r\n"
    for text in (
        f"{CANARY}\r\n\r\n",
        f"{begin}{CANARY}",
        f"{begin}content-length: 100\r\n\r\n{CANARY}",
        f"{begin}x: {CANARY * 10_000}",
        f"CONNECT {CANARY}:443 HTTP/1.1\r\n\r\n",
        f"{begin}connection: upgrade\r\nupgrade: {CANARY}\r\n\r\n",
    ):
        with (
            contextlib.suppress(ConnectionError, TimeoutError),
            socket.create_connection(("127.0.0.1", server.port), timeout=2) as connection,
        ):
            connection.sendall(text.encode())
            while connection.recv(65536):
                pass


def test_no_endpoint_logs_a_value_even_at_debug(server: ServerProcess, redis: RedisServer, profiles: Path) -> None:
    _ask_everything(server)
    _ask_badly(server)
    with redis.frozen():
        server.ask([("user", CANARY)])
    redis.kill()
    with closing(sqlite3.connect(profiles)) as database:
        database.executescript("DROP TABLE users; DROP TABLE listings")
    _ask_everything(server)
    wait_until(lambda: "redis_down" in server.log.read_text(), what="the log tells of Redis")
    server.process.terminate()
    assert server.process.wait(timeout=15) == 0
    text = server.log.read_text()
    assert len(text.splitlines()) > 5
    for value in (CANARY, ADDRESS, "127.0.0.1:"):
        assert value not in text.replace(f"127.0.0.1:{server.port}", ""), text
