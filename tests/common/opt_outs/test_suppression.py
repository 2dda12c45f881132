"""The thread that mirrors the opt-outs, and what is done to its Redis while it does."""

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
from enrichment_job.consent.opt_out_gauges import OptOutGauges
from tests.common.opt_outs.durable_redis import DurableRedis

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
    """Not for one moment is one of them out of the set."""
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


def test_who_is_added_is_in_the_mirror_at_the_next_look(redis_url: str, client: redis.Redis) -> None:
    suppress(client, "u1")
    with _mirror(redis_url) as mirror:
        assert mirror.subjects == {"u1"}
        suppress(client, "u2", "d-3")
        _until(lambda: mirror.subjects == {"u1", "u2", "d-3"})
        withdraw(client, "u1")
        _until(lambda: mirror.subjects == {"u2", "d-3"})
        assert not mirror.health().store_lost


def test_flushed(server: DurableRedis) -> None:
    suppress(server.client, "u1")
    with _mirror(server.url) as mirror:
        with _watched(mirror, "u1"):
            server.client.flushall()
            _until(lambda: mirror.health().store_lost)
            _until(lambda: server.client.zcard(CHANGES) == 1)
        with _mirror(server.url) as later:
            assert later.subjects == {"u1"}


def test_replaced_by_an_empty_one(server: DurableRedis) -> None:
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


def test_poisoned(server: DurableRedis) -> None:
    suppress(server.client, "u1")
    with _mirror(server.url) as mirror, _watched(mirror, "u1"):
        server.client.zadd(CHANGES, {b"+\xff\xfe": 1, b"no sign": 9})
        server.client.sadd(SET, b"\xff", "old")
        _until(lambda: mirror.health().skipped == 3)
        suppress(server.client, "u2")
        _until(lambda: mirror.subjects == {"u1", "u2", "old"})
        assert mirror.failures == 0


@pytest.mark.parametrize("key", [CHANGES, STORE, BATCHES, SET])
def test_a_key_of_another_type_is_lived_through(server: DurableRedis, key: str) -> None:
    suppress(server.client, "u1")
    with _mirror(server.url) as mirror, _watched(mirror, "u1"):
        server.client.set(key, "nonsense")
        suppressed_at = mirror.failures
        _until(lambda: mirror.failures > suppressed_at)
        server.client.delete(key)
        _until(lambda: mirror.health().age_ms < 10 * REFRESH_MS and bool(server.client.exists(STORE)))
        suppress(server.client, "u2")
        _until(lambda: "u2" in mirror.subjects)


def test_away_for_a_while(server: DurableRedis) -> None:
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
        assert not mirror.health().store_lost, "the append-only file has kept it all"


def test_a_killed_server_keeps_what_it_acknowledged(server: DurableRedis) -> None:
    for number in range(200):
        suppress(server.client, f"u{number}")
    server.kill()
    server.start()
    with _mirror(server.url) as mirror:
        assert len(mirror.subjects) == 200


def test_the_thread_survives_what_nobody_thought_of(
    redis_url: str, client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    suppress(client, "u1")
    with _mirror(redis_url) as mirror:
        look = Mirror.look
        monkeypatch.setattr(Mirror, "look", lambda *_: 1 / 0)
        _until(lambda: mirror.failures >= 2)
        monkeypatch.setattr(Mirror, "look", look)
        suppress(client, "u2")
        _until(lambda: mirror.subjects == {"u1", "u2"})


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_dead_thread_is_started_again(redis_url: str, client: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    with _mirror(redis_url) as mirror:

        def die(*_: object) -> None:
            raise SystemExit

        look = Mirror.look
        monkeypatch.setattr(Mirror, "look", die)
        _until(lambda: "suppression" not in {thread.name for thread in threading.enumerate()})
        monkeypatch.setattr(Mirror, "look", look)
        suppress(client, "u1")
        mirror.health()
        _until(lambda: mirror.subjects == {"u1"})


def test_without_the_set_no_job_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suppression, "_FIRST_S", 0.1)
    with pytest.raises(RuntimeError, match="no event may leave"):
        Suppression("redis://127.0.0.1:1/0", REFRESH_MS)


def test_with_an_empty_redis_no_job_starts(redis_url: str, empty: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suppression, "_FIRST_S", 0.1)
    with pytest.raises(RuntimeError, match="no initialised store"):
        Suppression(redis_url, REFRESH_MS)
    assert empty.dbsize() == 0


def test_a_starting_job_waits_for_what_others_know(redis_url: str, empty: redis.Redis) -> None:
    store = OptOutStore(connect(redis_url))
    store.init(1)

    def give_back() -> None:
        time.sleep(1.0)  # longer than from one try to the next: the store is seen while nobody is in it
        suppress(empty, "u1")
        store.recount(store.look().now.seq)

    giver = threading.Thread(target=give_back)
    giver.start()
    try:
        with _mirror(redis_url) as mirror:
            assert mirror.subjects == {"u1"}, "at once: no event may leave before"
    finally:
        giver.join()
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


def test_a_cluster_is_used_as_one(tmp_path: Path) -> None:
    """As MemoryDB always is one."""
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


class _Gauge:
    value = -1
    updates = 0

    def update(self, value: int) -> None:
        self.value = value
        self.updates += 1


class _Group:
    def __init__(self) -> None:
        self.gauges: dict[str, _Gauge] = {}
        self.groups: dict[str, _Group] = {}

    def distribution(self, name: str) -> _Gauge:
        return self.gauges.setdefault(name, _Gauge())

    def add_group(self, name: str) -> "_Group":
        return self.groups.setdefault(name, _Group())


def test_the_mirror_is_measured(server: DurableRedis) -> None:
    suppress(server.client, "u1", "u2")
    server.client.sadd(SET, b"\xff")
    group = _Group()
    with _mirror(server.url) as mirror:
        levels = OptOutGauges(group, mirror)
        for _ in range(3):
            levels.flush()
        values = {name: gauge.value for name, gauge in group.gauges.items()}
        assert values == {
            "suppression_age_ms": 0,
            "suppression_size": 2,
            "suppression_skipped": 1,
            "suppression_store_lost": 0,
        }
        assert group.gauges["suppression_size"].updates == 2, "nothing crosses into the JVM that did not change"
        assert group.groups["KinesisAnalytics"].gauges["suppression_size"].value == 2
        server.client.flushall()
        _until(lambda: mirror.health().store_lost)
        server.kill()
        _until(lambda: mirror.health().age_ms >= 1_000)
        levels.flush()
    assert group.gauges["suppression_store_lost"].value == 1
    assert group.gauges["suppression_age_ms"].value >= 1_000


def test_without_a_mirror_nothing_is_measured() -> None:
    group = _Group()
    OptOutGauges(group, None).flush()
    assert not group.gauges
    assert not group.groups
