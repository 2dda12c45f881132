"""The real server while its Redis is frozen, killed and restarted: addresses always get results, never a 500."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assurance.servers.wait import wait_until
from tests.lookup_service.lookup_harness import LONDON, Keys, RedisServer, ServerProcess, deadline, statuses

KEYS: Keys = [("ip", LONDON), ("user", "u1"), ("listing", "l1"), ("ip", "nothing")]
TIMEOUT_S = 0.2


@pytest.fixture(scope="module")
def own_redis(executable: str) -> Iterator[RedisServer]:
    with RedisServer(executable) as server:
        yield server


@pytest.fixture(scope="module")
def server(own_redis: RedisServer, city: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    log = tmp_path_factory.mktemp("server") / "log"
    with ServerProcess(
        log, redis_url=own_redis.url, geoip_city_path=city, redis_timeout_ms=int(TIMEOUT_S * 1000), check_timeout_ms=300
    ) as running:
        yield running
    assert "Traceback" not in log.read_text()


@pytest.fixture(autouse=True)
def healthy(own_redis: RedisServer, server: ServerProcess) -> None:
    own_redis.put(**{"user:u1": {"user_segment": "new"}, "listing:l1": {"listing_price": 1.5}})
    wait_until(lambda: _is_well(server), what="every key is answered")


def _is_well(server: ServerProcess) -> bool:
    return statuses(server.ask(KEYS)) == ["ok", "ok", "ok", "invalid"]


def _await_readyz(server: ServerProcess, status: int, states: dict[str, str]) -> None:
    """The report may be up to a second old."""

    def is_reported() -> bool:
        response = server.client.get("/readyz")
        found = {name: found["state"] for name, found in response.json()["dependencies"].items()}
        return (response.status_code, found) == (status, states)

    wait_until(is_reported, what=f"/readyz reports {status}, {states}", timeout_s=5)


def test_a_frozen_redis_times_out_and_recovers(own_redis: RedisServer, server: ServerProcess) -> None:
    with own_redis.frozen():
        took = []
        for _ in range(3):
            started = time.monotonic()
            results = server.ask(KEYS, deadline(5000))
            took.append(time.monotonic() - started)
            assert statuses(results) == ["ok", "timeout", "timeout", "invalid"]
        assert TIMEOUT_S <= min(took) < 4 * TIMEOUT_S, "a busy machine makes one late, not all"
        _await_readyz(server, 503, {"geoip": "ok", "redis": "timeout", "redis_profiles": "timeout"})
        assert server.client.get("/healthz").status_code == 200
    wait_until(lambda: _is_well(server), what="the profiles are back")
    _await_readyz(server, 200, {"geoip": "ok", "redis": "ok", "redis_profiles": "ok"})


def test_a_killed_redis_is_an_error_at_once_and_recovers(own_redis: RedisServer, server: ServerProcess) -> None:
    own_redis.kill()
    try:
        started = time.monotonic()
        for _ in range(5):
            assert statuses(server.ask(KEYS)) == ["ok", "error", "error", "invalid"]
        assert time.monotonic() - started < 8 * TIMEOUT_S, "with a time-out for each kind of each it would be ten"
        _await_readyz(server, 503, {"geoip": "ok", "redis": "unreachable", "redis_profiles": "unreachable"})
    finally:
        own_redis.start()
    assert statuses(server.ask(KEYS)) == [
        "ok",
        "missing",
        "missing",
        "invalid",
    ]  # it is empty and used at once


def test_no_request_fails_after_a_redis_was_restarted_between_requests(
    own_redis: RedisServer, server: ServerProcess
) -> None:
    own_redis.kill()
    own_redis.start()
    own_redis.put(**{"user:u1": {"user_segment": "new"}})
    assert statuses(server.ask([("user", "u1")])) == ["ok"]


def test_the_response_meets_the_deadline_while_redis_hangs(executable: str, city: Path, tmp_path: Path) -> None:
    with (
        RedisServer(executable) as redis,
        ServerProcess(tmp_path / "log", redis_url=redis.url, geoip_city_path=city, redis_timeout_ms=10_000) as server,
    ):
        assert statuses(server.ask(KEYS)) == ["ok", "missing", "missing", "invalid"]
        with redis.frozen():
            took = []
            for _ in range(3):
                started = time.monotonic()
                results = server.ask(KEYS, deadline(1000))
                took.append(time.monotonic() - started)
                assert statuses(results) == ["ok", "timeout", "timeout", "invalid"]
                assert [result.source for result in results] == ["geoip", "redis_profiles", "redis_profiles", "none"]
        assert 0.8 < min(took) < 1.0, "a busy machine makes one late, not all"


@settings(max_examples=60, deadline=None)
@given(keys=st.lists(st.tuples(st.sampled_from(["ip", "user", "listing"]), st.text(max_size=128)), max_size=20))
def test_any_keys_get_a_result(server: ServerProcess, keys: Keys) -> None:
    assert set(statuses(server.ask(keys))) <= {"ok", "missing", "invalid"}


def test_logs_are_json_and_without_keys(own_redis: RedisServer, server: ServerProcess) -> None:
    own_redis.kill()
    try:
        server.ask([("ip", LONDON), ("user", "u-secret-1"), ("listing", "l1")])
    finally:
        own_redis.start()
    wait_until(lambda: statuses(server.ask([("user", "u-secret-1")])) == ["missing"], what="Redis is back")
    lines = server.log.read_text().splitlines()
    events = [httpx.Response(200, text=line).json()["event"] for line in lines]
    assert {"redis_down", "redis_up"} <= set(events)
    assert not any(secret in line for line in lines for secret in (LONDON, "secret"))
