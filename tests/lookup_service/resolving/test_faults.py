"""Slow, unreachable and broken dependencies: the service responds within the deadline, and never with a 500."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiohttp import web

from assurance.servers.mmdb_files import BUILT, built_at
from assurance.servers.wait import wait_until
from contracts.lookup_api.lookups import UserProfile
from deploy.paths import FEATURES_FILE
from local_stack.processes.ports import free_port
from lookup_service.seed.database import seed
from lookup_service.seed.profiles import user_id
from tests.lookup_service.lookup_harness import (
    LONDON,
    Keys,
    RedisServer,
    ServerProcess,
    ask,
    city_source,
    client_of,
    deadline,
    profile_sources,
    source,
    statuses,
)

pytestmark = pytest.mark.servers

REDIS_TIMEOUT_S = 0.2


@pytest.fixture
def own_redis(executable: str) -> Iterator[RedisServer]:
    with RedisServer(executable) as server:
        yield server


@pytest.fixture
def shared_cache(own_redis: RedisServer, city: Path, tmp_path: Path) -> Iterator[ServerProcess]:
    """A service that reads Redis for every address."""
    sources = city_source(city, shared=True, memory_entries=0)
    with ServerProcess(
        tmp_path / "log",
        redis_url=own_redis.url,
        redis_timeout_ms=200,
        sources=sources,
        features_path=FEATURES_FILE,
    ) as server:
        assert statuses(server.ask([("ip", LONDON)])) == ["ok"]
        yield server
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_a_hanging_redis_delays_one_request_only(shared_cache: ServerProcess, own_redis: RedisServer) -> None:
    with own_redis.frozen():
        started = time.monotonic()
        for _ in range(10):
            assert statuses(shared_cache.ask([("ip", LONDON)])) == ["ok"]
        assert time.monotonic() - started < 6 * REDIS_TIMEOUT_S
        assert shared_cache.client.get("/v1/features/user/u1").status_code == 503
        assert shared_cache.client.delete("/v1/cache/ip/81.2.69.142").status_code == 503
        assert shared_cache.client.get("/readyz").status_code == 200
    wait_until(lambda: shared_cache.client.get("/v1/features/user/u1").status_code == 404, what="Redis is used again")


def test_a_killed_redis_is_skipped_and_used_again_later(shared_cache: ServerProcess, own_redis: RedisServer) -> None:
    own_redis.kill()
    for _ in range(10):
        assert statuses(shared_cache.ask([("ip", LONDON)])) == ["ok"]
    own_redis.start()

    def is_cached() -> bool:
        shared_cache.ask([("ip", LONDON)])
        return own_redis.client.dbsize() == 1

    wait_until(is_cached, what="results are cached in Redis again")
    assert shared_cache.client.delete(f"/v1/cache/ip/{LONDON}").json() == {"removed": 1, "complete": True}


def test_a_replaced_database_is_served_and_a_broken_one_is_not(city: Path, tmp_path: Path) -> None:
    path = tmp_path / "city.mmdb"
    shutil.copy(city, path)
    with ServerProcess(tmp_path / "log", redis_url="redis://127.0.0.1:1/0", sources=city_source(path)) as server:

        def replace(content: bytes) -> None:
            (tmp_path / "new").write_bytes(content)
            (tmp_path / "new").replace(path)

        def state() -> str:
            assert statuses(server.ask([("ip", LONDON)])) == ["ok"]
            return str(server.client.get("/readyz").json()["dependencies"]["geoip"]["state"])

        replace(b"half a download")
        wait_until(lambda: state() == "refused_update", what="the broken file is rejected", timeout_s=30)
        assert 'lookup_refused_update{dependency="geoip"} 1.0' in server.client.get("/metrics").text
        assert server.client.get("/readyz").status_code == 200
        [before] = server.ask([("ip", LONDON)])
        shutil.copy(city, tmp_path / "rebuilt")
        replace(built_at(tmp_path / "rebuilt", BUILT + 1).read_bytes())
        wait_until(
            lambda: server.ask([("ip", LONDON)])[0].data_version != before.data_version,
            what="results from the new file are served, and no cached ones",
            timeout_s=30,
        )
        assert state() == "ok"


@pytest.mark.parametrize("in_use", ["the city database", "the profiles"])
def test_overwriting_a_data_file_in_place_does_not_crash_the_process(city: Path, tmp_path: Path, in_use: str) -> None:
    database, profiles = tmp_path / "city.mmdb", tmp_path / "profiles.db"
    shutil.copy(city, database)
    seed(f"sqlite:///{profiles}", user_count=2, listing_count=0, seed_number=1)
    path = database if in_use == "the city database" else profiles
    whole = path.read_bytes()
    sources = city_source(database, memory_entries=0)
    sources += source("sqlite", kind="user", path=str(profiles), timeout_ms=5000, cache={"memory_entries": 0})
    keys: Keys = [("ip", LONDON), ("user", user_id(1))]
    with ServerProcess(tmp_path / "log", redis_url="redis://127.0.0.1:1/0", sources=sources) as server:
        before = [result.value for result in server.ask(keys)]
        for content in (b"", whole[: len(whole) // 2], b"\0" * len(whole), whole):
            path.write_bytes(content)
            until = time.monotonic() + 1
            while time.monotonic() < until:
                assert [result.value for result in server.ask(keys)] == before
        assert server.process.poll() is None
        wait_until(lambda: _state_of(server) == "ok", what="the whole file is in use", timeout_s=30)


def _state_of(server: ServerProcess) -> str:
    states = [each["state"] for each in server.client.get("/readyz").json()["dependencies"].values()]
    return next((state for state in states if state == "refused_update"), "ok")


def test_a_time_in_microseconds_is_an_error_for_its_key_until_corrected(own_redis: RedisServer, tmp_path: Path) -> None:
    registered = 1_700_000_000_000
    own_redis.put(**{f"user:u{n}": {"user_registered_tstamp": registered} for n in range(50)})
    own_redis.put(**{"user:u7": {"user_registered_tstamp": registered * 1000}})
    sources = profile_sources(own_redis.url, ttl_s=3600, error_ttl_s=0.2)
    keys: Keys = [("user", f"u{n}") for n in range(50)]
    with ServerProcess(tmp_path / "log", redis_url=own_redis.url, sources=sources) as server:
        for _ in range(3):
            assert statuses(server.ask(keys)) == ["ok"] * 7 + ["error"] + ["ok"] * 42
        assert 'lookup_keys_total{kind="user",status="error"} 3.0' in server.client.get("/metrics").text
        own_redis.put(**{"user:u7": {"user_registered_tstamp": registered}})
        wait_until(lambda: statuses(server.ask(keys)) == ["ok"] * 50, what="the corrected record is found")
    log = (tmp_path / "log").read_text()
    assert "records_refused" in log
    assert str(registered) not in log


def test_cached_records_are_served_while_their_database_is_down(tmp_path: Path) -> None:
    path = tmp_path / "profiles.db"
    seed(f"sqlite:///{path}", user_count=2, listing_count=0, seed_number=1)
    sources = source("sqlite", kind="user", path=str(path), cache={"ttl_s": 0.2, "error_ttl_s": 0.1, "jitter": 0})
    keys: Keys = [("user", user_id(1)), ("user", user_id(2))]
    with ServerProcess(tmp_path / "log", redis_url="redis://127.0.0.1:1/0", sources=sources) as server:
        assert statuses(server.ask(keys[:1])) == ["ok"]
        path.rename(tmp_path / "aside")
        time.sleep(0.3)
        for _ in range(5):
            assert statuses(server.ask(keys)) == ["stale", "error"]
        assert server.client.get("/readyz").status_code == 503
        (tmp_path / "aside").rename(path)
        wait_until(lambda: statuses(server.ask(keys)) == ["ok", "ok"], what="the database is back")


@pytest.fixture
async def slow_api() -> AsyncIterator[str]:
    """An HTTP API that takes five seconds."""

    async def answer(_request: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.json_response({"segment": "casual"})

    app = web.Application()
    app.router.add_get("/{key}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield f"http://127.0.0.1:{port}/{{key}}"
    await runner.cleanup()


@pytest.mark.anyio
@pytest.mark.parametrize("timeout_ms", [300, 20_000], ids=["the source's own limit", "the caller's deadline"])
async def test_an_api_that_takes_five_seconds_does_not_delay_responses(
    slow_api: str, city: Path, redis_server: RedisServer, timeout_ms: int
) -> None:
    redis_server.put(**{"listing:l1": {"listing_price": 1.5}})
    api = source(
        "http_api", kind="user", name="accounts", url=slow_api, allow_private=True, timeout_ms=timeout_ms
    ).replace("[source.cache]", 'fields = { user_segment = "segment" }\n[source.cache]')
    listings = profile_sources(redis_server.url, 5000).split("[[source]]")[2]
    sources = f"{api}{city_source(city)}[[source]]{listings}"
    async with client_of(redis_url=redis_server.url, sources=sources) as client:
        took = []
        for _ in range(3):
            started = time.monotonic()
            results = await ask(client, [("user", "u1"), ("ip", LONDON), ("listing", "l1")], deadline(1000))
            took.append(time.monotonic() - started)
            assert statuses(results) == ["timeout", "ok", "ok"]
    assert min(took) < 1.0, "a busy machine makes one late, not all"
    assert max(took) < 3.0


@pytest.mark.anyio
async def test_an_invalidated_key_is_resolved_again(redis_server: RedisServer) -> None:
    redis_server.put(**{"user:a/b": UserProfile(user_segment="new")})
    sources = profile_sources(redis_server.url, 5000, ttl_s=3600)
    async with client_of(redis_url=redis_server.url, sources=sources) as client:
        assert statuses(await ask(client, [("user", "a/b")])) == ["ok"]
        redis_server.client.delete("user:a/b")
        assert statuses(await ask(client, [("user", "a/b")])) == ["ok"]
        response = await client.delete("/v1/cache/user/a%2Fb")
        assert response.json() == {"removed": 1, "complete": True}
        assert statuses(await ask(client, [("user", "a/b")])) == ["missing"]
        assert (await client.delete("/v1/cache/campaign/x")).json() == {"removed": 0, "complete": True}
        problem = (await client.delete("/v1/cache/secret/x")).json()
        assert (problem["detail"], problem["field"]) == ("not valid (literal_error)", "kind")
