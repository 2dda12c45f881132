"""The thread that mirrors the opt-outs, while its Redis is flushed, replaced, corrupted or down."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest
import redis

from common.opt_outs import suppression
from common.opt_outs.former import SET
from common.opt_outs.mirror import Mirror
from common.opt_outs.redis_client import Client, connect
from common.opt_outs.store import BATCHES, CHANGES, STORE, OptOutStore
from common.opt_outs.suppression import Suppression, suppress, withdraw
from tests.redis_server import DurableRedis

pytestmark = pytest.mark.servers

REFRESH_MS = 20


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@contextmanager
def _mirror(url: str) -> Iterator[Suppression]:
    mirror = Suppression(url, REFRESH_MS)
    try:
        yield mirror
    finally:
        mirror.close()


@contextmanager
def _watched(mirror: Suppression, *subjects: str) -> Iterator[None]:
    """Checks continuously that none of the subjects leaves the set."""
    missing: list[str] = []
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.0005):
            missing.extend(subject for subject in subjects if subject not in mirror.subjects)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    assert not missing


@pytest.fixture
def server(tmp_path: Path) -> Iterator[DurableRedis]:
    with DurableRedis(tmp_path) as running:
        OptOutStore(connect(running.url)).init()
        yield running


def test_an_opt_out_is_in_the_mirror_after_the_next_refresh(redis_url: str, client: redis.Redis) -> None:
    suppress(client, "u1")
    with _mirror(redis_url) as mirror:
        assert mirror.subjects == {"u1"}
        suppress(client, "u2", "d-3")
        _until(lambda: mirror.subjects == {"u1", "u2", "d-3"})
        withdraw(client, "u1")
        _until(lambda: mirror.subjects == {"u2", "d-3"})
        assert not mirror.health().store_lost


def test_opt_outs_survive_a_flushed_redis(server: DurableRedis) -> None:
    suppress(server.client, "u1")
    with _mirror(server.url) as mirror:
        with _watched(mirror, "u1"):
            server.client.flushall()
            _until(lambda: mirror.health().store_lost)
            _until(lambda: server.client.zcard(CHANGES) == 1)
        with _mirror(server.url) as later:
            assert later.subjects == {"u1"}


def test_opt_outs_survive_a_redis_replaced_by_an_empty_one(server: DurableRedis) -> None:
    suppress(server.client, "u1")
    with _mirror(server.url) as mirror:
        with _watched(mirror, "u1"):
            server.kill()
            server.start(data="another")
            _until(lambda: mirror.health().store_lost)
            _until(lambda: server.client.zcard(CHANGES) == 1)
            suppress(server.client, "u2")
            _until(lambda: "u2" in mirror.subjects)
        with _mirror(server.url) as later:
            assert later.subjects == {"u1", "u2"}


def test_invalid_members_are_skipped(server: DurableRedis) -> None:
    suppress(server.client, "u1")
    with _mirror(server.url) as mirror, _watched(mirror, "u1"):
        server.client.zadd(CHANGES, {b"+\xff\xfe": 1, b"no sign": 9})
        server.client.sadd(SET, b"\xff", "old")
        _until(lambda: mirror.health().skipped == 3)
        suppress(server.client, "u2")
        _until(lambda: mirror.subjects == {"u1", "u2", "old"})
        assert mirror.failures == 0


@pytest.mark.parametrize("key", [CHANGES, STORE, BATCHES, SET])
def test_opt_outs_survive_a_key_of_another_type(server: DurableRedis, key: str) -> None:
    suppress(server.client, "u1")
    with _mirror(server.url) as mirror, _watched(mirror, "u1"):
        server.client.set(key, "nonsense")
        failures = mirror.failures
        _until(lambda: mirror.failures > failures)
        server.client.delete(key)
        _until(lambda: mirror.health().age_ms < 10 * REFRESH_MS and bool(server.client.exists(STORE)))
        suppress(server.client, "u2")
        _until(lambda: "u2" in mirror.subjects)


def test_opt_outs_survive_an_outage_of_redis(server: DurableRedis) -> None:
    suppress(server.client, "u1")
    with _mirror(server.url) as mirror:
        with _watched(mirror, "u1"):
            server.kill()
            _until(lambda: mirror.failures >= 3)
            _until(lambda: mirror.health().age_ms >= 1_000)
            server.start()
            suppress(server.client, "u2")
            _until(lambda: mirror.subjects == {"u1", "u2"})
        assert mirror.health().age_ms < 1_000
        assert not mirror.health().store_lost, "the append-only file has kept all entries"


def test_a_killed_server_keeps_what_it_acknowledged(server: DurableRedis) -> None:
    for number in range(200):
        suppress(server.client, f"u{number}")
    server.kill()
    server.start()
    with _mirror(server.url) as mirror:
        assert len(mirror.subjects) == 200


def test_the_thread_survives_an_unexpected_exception(
    redis_url: str, client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    suppress(client, "u1")
    with _mirror(redis_url) as mirror:
        refresh = Mirror.refresh
        monkeypatch.setattr(Mirror, "refresh", lambda *_: 1 / 0)
        _until(lambda: mirror.failures >= 2)
        monkeypatch.setattr(Mirror, "refresh", refresh)
        suppress(client, "u2")
        _until(lambda: mirror.subjects == {"u1", "u2"})


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_dead_thread_is_started_again(redis_url: str, client: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    with _mirror(redis_url) as mirror:

        def die(*_: object) -> None:
            raise SystemExit

        refresh = Mirror.refresh
        monkeypatch.setattr(Mirror, "refresh", die)
        _until(lambda: "suppression" not in {thread.name for thread in threading.enumerate()})
        monkeypatch.setattr(Mirror, "refresh", refresh)
        suppress(client, "u1")
        mirror.health()
        _until(lambda: mirror.subjects == {"u1"})


def test_no_job_starts_without_the_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suppression, "_FIRST_S", 0.1)
    with pytest.raises(RuntimeError, match="no event may leave"):
        Suppression("redis://127.0.0.1:1/0", REFRESH_MS)


def test_no_job_starts_with_an_empty_redis(redis_url: str, empty: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suppression, "_FIRST_S", 0.1)
    with pytest.raises(RuntimeError, match="no initialised store"):
        Suppression(redis_url, REFRESH_MS)
    assert empty.dbsize() == 0


def test_a_starting_job_waits_until_other_tasks_have_restored_the_store(redis_url: str, empty: redis.Redis) -> None:
    store = OptOutStore(connect(redis_url))
    store.init(1)

    def restore() -> None:
        time.sleep(1.0)  # longer than the retry interval, so that the job sees the empty store first
        suppress(empty, "u1")
        store.recount(store.look().now.seq)

    restoring = threading.Thread(target=restore)
    restoring.start()
    try:
        with _mirror(redis_url) as mirror:
            assert mirror.subjects == {"u1"}, "no event may be emitted before the set is loaded"
    finally:
        restoring.join()
        store.close()


@pytest.mark.parametrize("policy", ["allkeys-lru", "allkeys-random", "volatile-lru", "volatile-ttl"])
def test_a_redis_that_evicts_is_refused(tmp_path: Path, policy: str) -> None:
    server = DurableRedis(tmp_path)
    try:
        server.start(**{"maxmemory-policy": policy})
        with pytest.raises(RuntimeError, match=policy):
            Suppression(server.url, REFRESH_MS)
    finally:
        server.kill()
        server.client.close()


def test_a_cluster_is_supported(tmp_path: Path) -> None:
    """MemoryDB is always a cluster."""
    server = DurableRedis(tmp_path)
    try:
        server.start(**{"cluster-enabled": "yes"})
        node = cast("Client", server.client)
        node.execute_command("CLUSTER", "ADDSLOTS", *range(16_384))
        _until(lambda: node.execute_command("CLUSTER INFO")["cluster_state"] == "ok")
        client = connect(server.url)
        assert type(client).__name__ == "RedisCluster"
        store = OptOutStore(client)
        store.init()
        store.opt_out(["u1", "u2"])
        with _mirror(server.url) as mirror, _watched(mirror, "u1"):
            server.client.flushall()
            _until(lambda: mirror.health().store_lost)
            _until(lambda: store.held(["u1", "u2"]) == 2)
            store.opt_in(["u2"])
            _until(lambda: mirror.subjects == {"u1"})
        store.close()
    finally:
        server.kill()
        server.client.close()
