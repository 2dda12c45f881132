"""The store on a real Redis: whatever happens to that, nothing is lost and the newest value stays."""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from applications.features.store.feature_store import FeatureStore
from deploy.paths import PROJECT
from tests.applications.features.store import stored
from tests.applications.features.store.stored import TTL_S, all_written, key, packed, state, until
from tests.integration.slow_proxy import SlowProxy
from tests.redis_server import RedisProcess

pytestmark = pytest.mark.servers
redis_process = pytest.fixture(stored.server)


@pytest.fixture
def store(redis_process: RedisProcess) -> Iterator[FeatureStore]:
    made = FeatureStore(redis_process.url, ttl_s=TTL_S, waiting=100, waiting_bytes=50_000)
    yield made
    made.close()


def test_a_value_has_its_version_in_front_and_its_entitys_time_to_live(
    redis_process: RedisProcess, store: FeatureStore
) -> None:
    before = time.time_ns() // 1_000_000
    assert store.put("features:browser:b", 5, b"one")
    assert store.put("features:session:s:with:colons", 7, b"two", 9)
    all_written(store)
    found = state(redis_process.client, "features:browser:b")
    assert found is not None
    assert (found.newest_ms, found.packed) == (5, b"one")
    assert before <= found.written_ms <= time.time_ns() // 1_000_000
    other = state(redis_process.client, "features:session:s:with:colons")
    assert other is not None
    assert (other.newest_ms, other.written_ms, other.packed) == (7, 9, b"two")
    assert 500 < int(str(redis_process.client.ttl("features:browser:b"))) <= 600
    assert 0 < int(str(redis_process.client.ttl("features:session:s:with:colons"))) <= 60
    assert (store.written, store.refused) == (2, 0)


@pytest.mark.parametrize("odd", ["half \ud83d", "größer", 'a"b'])
def test_any_id_can_be_a_key(redis_process: RedisProcess, store: FeatureStore, odd: str) -> None:
    name = f"features:browser:{odd}"
    store.put(name, 1, b"a")
    all_written(store)
    assert redis_process.client.exists(name.encode("utf-8", "surrogatepass"))
    store.erase(name)
    all_written(store)
    assert not redis_process.client.keys()


def test_an_older_value_does_not_replace_a_newer_one(redis_process: RedisProcess, store: FeatureStore) -> None:
    for newest, written in ((5, 50), (4, 60), (5, 49)):
        store.put(key(1), newest, f"{newest} {written}".encode(), written)
        all_written(store)
    assert packed(redis_process.client, key(1)) == b"5 50"
    assert (store.written, store.refused) == (1, 2)
    store.put(key(1), 5, b"5 51", 51)
    all_written(store)
    assert packed(redis_process.client, key(1)) == b"5 51"


def test_an_older_process_does_not_write_over_a_newer_one(redis_process: RedisProcess, store: FeatureStore) -> None:
    store.put(key(0), 10, b"mine")
    store.put(key(1), 8, b"mine")
    all_written(store)
    command = [sys.executable, "-m", "tests.applications.features.store.putter", redis_process.url, "3", "9", "other"]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE) as other:
        try:
            assert other.stdout is not None
            assert [other.stdout.readline(), other.stdout.readline()] == [b"put\n", b"written\n"]
        finally:
            other.kill()
    assert [packed(redis_process.client, key(each)) for each in range(3)] == [b"mine", b"other", b"other"]


def test_what_is_no_state_is_replaced(redis_process: RedisProcess, store: FeatureStore) -> None:
    redis_process.client.set(key(1), '{"updated_tstamp":1,"features":{}}')
    redis_process.client.rpush(key(2), "a", "list")
    redis_process.client.set(key(3), "short")
    for number in (1, 2, 3):
        store.put(key(number), 1, b"state")
    all_written(store)
    assert [packed(redis_process.client, key(number)) for number in (1, 2, 3)] == [b"state"] * 3


def test_erasures_and_values_of_a_key_stay_in_order(redis_process: RedisProcess, store: FeatureStore) -> None:
    store.put(key(1), 9, b"before")
    store.put(key(2), 9, b"before")
    all_written(store)
    with redis_process.frozen():
        store.put(key(9), 1, b"to have something under way")
        store.erase(key(1))
        store.put(key(1), 2, b"anew, and of an older event")
        store.put(key(2), 10, b"newer")
        store.erase(key(2))
    all_written(store)
    assert packed(redis_process.client, key(1)) == b"anew, and of an older event"
    assert packed(redis_process.client, key(2)) is None


def test_nothing_is_lost_while_redis_is_killed_for_seconds(
    redis_process: RedisProcess, store: FeatureStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    store.put(key(0), 0, b"0")
    all_written(store)
    redis_process.kill()
    for number in range(100):
        store.put(key(number % 50), number, str(number).encode())
    store.erase(key(0))
    until(lambda: store.behind_ms > 3_000)
    assert store.waiting == 50
    redis_process.start()
    all_written(store)
    assert packed(redis_process.client, key(0)) is None
    assert [packed(redis_process.client, key(each)) for each in range(1, 50)] == [
        str(50 + each).encode() for each in range(1, 50)
    ]
    assert store.behind_ms == 0
    told = [record.getMessage() for record in caplog.records if record.name.startswith("applications")]
    assert len(told) == 2, "once that it fails, and once that it is over"


def test_a_full_store_makes_its_user_wait_and_goes_on(redis_process: RedisProcess, store: FeatureStore) -> None:
    put = 0

    def fill() -> None:
        nonlocal put
        for number in range(500):
            assert store.put(key(number), number, bytes(100))
            put += 1

    thread = threading.Thread(target=fill)
    with redis_process.frozen():
        thread.start()
        until(lambda: store.waiting == 100)
        time.sleep(0.5)
        assert (store.waiting, put) == (100, 100)
        assert store.put(key(5), 1_000, b"a newer value of what waits needs no room")
    thread.join(20)
    assert put == 500
    all_written(store)
    assert len(list(redis_process.client.scan_iter("features:*", count=1_000))) == 500
    assert store.refused == 0


def test_what_waits_is_bounded_in_bytes(redis_process: RedisProcess, store: FeatureStore) -> None:
    thread = threading.Thread(target=lambda: [store.put(key(number), 1, bytes(20_000)) for number in range(10)])
    with redis_process.frozen():
        thread.start()
        until(lambda: store.waiting == 2)
        time.sleep(0.3)
        assert store.waiting == 2
    thread.join(20)
    store.put(key(10), 1, bytes(200_000))
    all_written(store)
    assert [len(packed(redis_process.client, key(each)) or b"") for each in (0, 9, 10)] == [20_000, 20_000, 200_000]


def test_whoever_waits_is_released_when_the_store_is_closed() -> None:
    store = FeatureStore("redis://127.0.0.1:1/0", ttl_s=TTL_S, waiting=1)
    assert store.put(key(1), 1, b"a")
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(store.put(key(2), 1, b"b")))
    thread.start()
    time.sleep(0.3)
    assert not answers
    began = time.monotonic()
    store.close()
    thread.join(5)
    assert answers == [False]
    assert time.monotonic() - began < 9
    assert not store.put(key(1), 2, b"c"), "after the end"


def test_whoever_waits_is_released_when_its_task_is_cancelled() -> None:
    cancelled = threading.Event()
    store = FeatureStore("redis://127.0.0.1:1/0", ttl_s=TTL_S, waiting=1, is_cancelled=cancelled.is_set)
    try:
        assert store.put(key(1), 1, b"a")
        answers: list[bool] = []
        thread = threading.Thread(target=lambda: answers.append(store.erase(key(2))))
        thread.start()
        time.sleep(0.3)
        assert not answers
        cancelled.set()
        thread.join(2)
        assert answers == [False]
    finally:
        store.close()


def test_closing_writes_what_waits(redis_process: RedisProcess) -> None:
    store = FeatureStore(redis_process.url, ttl_s=TTL_S)
    for number in range(2_000):
        store.put(key(number), 1, b"last")
    store.close()
    assert redis_process.client.dbsize() == 2_000


def test_a_slow_redis_makes_values_wait_and_none_is_lost(redis_process: RedisProcess) -> None:
    with SlowProxy(redis_process.port) as proxy:
        store = FeatureStore(f"redis://127.0.0.1:{proxy.port}/0", ttl_s=TTL_S, waiting=400)
        try:
            store.put(key(0), 0, b"x")
            all_written(store)
            proxy.delay_s = 0.7
            began = time.monotonic()
            for number in range(1_200):
                store.put(key(number), 1, b"slow")
            assert 1 < time.monotonic() - began < 10, "it waited for room"
            assert store.behind_ms > 0
            proxy.delay_s = 0
            all_written(store)
        finally:
            store.close()
    assert redis_process.client.dbsize() == 1_200
    assert store.freshness_ms.p99 > 600


@pytest.mark.slow
@pytest.mark.parametrize("rate", [2_000, 5_000])
def test_a_value_can_be_read_soon_after_it_was_put(redis_process: RedisProcess, rate: int) -> None:
    """The last 4,096 of them, at any time within 30 s: the machine may be busy with something else meanwhile.

    For figures: ``python -m assurance.bench.feature_store``.
    """
    store = FeatureStore(redis_process.url, ttl_s=TTL_S)
    try:
        began, number, value, p99 = time.monotonic(), 0, bytes(1_000), 0.0
        while (passed := time.monotonic() - began) < 30:
            while number < passed * rate:
                store.put(key(number % 20_000), number, value)
                number += 1
                if number % 4_096 == 0:
                    p99 = store.freshness_ms.p99
                    if p99 < 80:
                        return
            time.sleep(0.001)
        pytest.fail(f"p99 {p99:.1f} ms")
    finally:
        store.close()


def test_a_late_event_counts_when_the_clock_was_set_back(
    redis_process: RedisProcess, store: FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its value has the same newest event as the one before."""
    store.put(key(1), 5, b"before")
    all_written(store)
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now - 3_600_000_000_000)
    store.put(key(1), 5, b"with a late event")
    all_written(store)
    assert packed(redis_process.client, key(1)) == b"with a late event"
    store.erase(key(2))
    store.put(key(2), 5, b"anew")
    store.put(key(2), 5, b"anew, with a late event")
    all_written(store)
    assert packed(redis_process.client, key(2)) == b"anew, with a late event"


def test_an_event_of_a_time_before_1970_stops_nothing(redis_process: RedisProcess, store: FeatureStore) -> None:
    store.put(key(1), -1, b"x")
    store.put_former(key(2), -1, 0, b"y", 60)
    all_written(store)
    assert [packed(redis_process.client, key(1)), packed(redis_process.client, key(2))] == [b"x", b"y"]
