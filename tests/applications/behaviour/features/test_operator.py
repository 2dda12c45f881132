"""The operator with features, without a cluster: when it tells the store and the topic, and what a bug costs."""

import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import redis

from applications.behaviour import kept_features
from applications.behaviour.features.sessions import SessionFeatures
from applications.behaviour.kept_features import StoreClosedError
from applications.behaviour.operator import BehaviourOperator
from applications.features.store.feature_store import FeatureStore
from contracts.fixed_topics import FEATURES, SESSIONIZED
from tests.applications.behaviour.features.in_memory import TEXT
from tests.applications.behaviour.keys_in_memory import browser_event
from tests.applications.behaviour.test_operator import CONFIG, Flink, Run
from tests.applications.behaviour.visitors_of import MINUTE, T


class RunWithFeatures(Run):
    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, store: FeatureStore | None = None, flink: Flink | None = None
    ) -> None:
        self.flink, self.now = flink or Flink(), 1_000_000
        monkeypatch.setattr(kept_features, "now_ms", lambda: self.now)
        self.function = BehaviourOperator(CONFIG, TEXT)
        self.function.open(self.flink)
        assert self.function._features is not None
        self.function._features._store = store

    def fire_clock(self, key: str) -> list[list[Any]]:
        self.flink.key = key
        batches = self.function.on_timer(self.now, self.flink)
        return [record for batch in batches for record in msgspec.msgpack.decode(batch)]


@pytest.fixture
def store(empty: "redis.Redis", redis_url: str) -> Iterator[FeatureStore]:
    opened = FeatureStore(redis_url, ttl_s={"browser": 60, "session": 60})
    yield opened
    opened.close()


def _stored(store: FeatureStore, url: str) -> dict[str, object]:
    """Key → state, when all that was put is written."""
    until = time.monotonic() + 10
    while not store.has_written(time.monotonic()) and time.monotonic() < until:
        time.sleep(0.01)
    with redis.Redis.from_url(url) as client:
        return {key.decode(): client.get(key) for key in client.scan_iter("features:*")}


def _features(records: list[list[Any]]) -> list[bytes]:
    return [key.partition(b":")[0] for topic, key, _, _ in records if topic == FEATURES.name]


def test_the_store_has_each_change_and_the_topic_one_in_a_second(
    monkeypatch: pytest.MonkeyPatch, store: FeatureStore, redis_url: str
) -> None:
    run = RunWithFeatures(monkeypatch, store)
    assert _features(run.see("b-1", 0)) == [b"browser", b"session"]
    assert run.flink.clock_timers == []
    before = _stored(store, redis_url)
    for number in range(1, 4):
        assert _features(run.see("b-1", number)) == []
        after = _stored(store, redis_url)
        assert before.keys() == after.keys()
        assert not {*before.values()} & {*after.values()}
        before = after
    assert len(before) == 2
    assert run.flink.clock_timers == [("b-1", 1_001_000)], "one timer for all that waits"
    run.now += 1_000
    assert _features(run.fire_clock("b-1")) == [b"browser", b"session"]
    assert run.flink.clock_timers == [("b-1", 1_001_000)]


def test_what_waits_is_published_by_the_process_that_comes_after(monkeypatch: pytest.MonkeyPatch) -> None:
    run = RunWithFeatures(monkeypatch)
    run.see("b-1", 0)
    run.see("b-1", 1)
    again = RunWithFeatures(monkeypatch, flink=run.flink)
    again.now = run.now + 1_000
    assert _features(again.fire_clock("b-1")) == [b"browser", b"session"]


def test_the_timer_of_the_clock_does_not_move_the_one_of_events(monkeypatch: pytest.MonkeyPatch) -> None:
    run = RunWithFeatures(monkeypatch)
    run.see("b-1", 0)
    run.see("b-1", 1)
    timers = list(run.flink.event_timers)
    run.now += 1_000
    run.fire_clock("b-1")
    assert run.flink.event_timers == timers == [("b-1", T + 30 * MINUTE + 1)]


def test_an_event_that_meets_a_bug_in_features_has_its_session_and_no_features(
    monkeypatch: pytest.MonkeyPatch, store: FeatureStore, redis_url: str
) -> None:
    run = RunWithFeatures(monkeypatch, store)
    run.see("b-1", 0)
    stored = _stored(store, redis_url)
    with monkeypatch.context() as patch:

        def broken(*_: object) -> None:
            raise RuntimeError

        patch.setattr(SessionFeatures, "follow", broken)
        (record,) = run.see("b-1", 1)
    assert record[0] == SESSIONIZED.name
    assert _stored(store, redis_url) == stored
    records = run.see("b-1", 2)
    assert [topic for topic, *_ in records] == [SESSIONIZED.name]
    assert _stored(store, redis_url) != stored


def test_a_store_that_is_closed_ends_the_task(monkeypatch: pytest.MonkeyPatch) -> None:
    store = FeatureStore("redis://127.0.0.1:1/0", ttl_s={"browser": 60, "session": 60})
    run = RunWithFeatures(monkeypatch, store)
    store.close()
    with pytest.raises(StoreClosedError):
        run.see("b-1", 0)


def test_without_a_file_nothing_is_kept() -> None:
    run = Run()
    assert _features(run.send("b-1", msgspec.json.encode(browser_event("b-1", 0)))) == []
