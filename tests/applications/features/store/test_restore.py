"""What Redis lacks comes from the topic: a real broker, a real Redis, and processes that are killed."""

import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from applications.features.store.feature_store import FeatureStore
from applications.features.store.job_store import StoreSettings, SubtaskStore
from applications.features.store.mark import mark_key
from applications.features.store.restore import Restorer
from applications.features.store.topic import FeaturesTopic
from common.secret import RedisUrl
from contracts.fixed_topics import FEATURES
from deploy.paths import PROJECT
from local_stack.kafka.broker import Kafka
from local_stack.processes.orphans import PidRegistry
from tests.applications.features.store import stored
from tests.applications.features.store.stored import TTL_S, all_written, key, packed, until
from tests.applications.features.store.topic_of_features import TopicOfFeatures, now_ms
from tests.redis_server import RedisProcess

pytestmark = pytest.mark.integration
redis_process = pytest.fixture(stored.server)


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    folder = Path(tmp_path_factory.mktemp("kafka"))
    broker = Kafka(folder / "run", registry=PidRegistry(folder / "pids"))
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()


@pytest.fixture
def topic(kafka: Kafka) -> TopicOfFeatures:
    return TopicOfFeatures(kafka)


class Job:
    """The store of a job with one subtask in this process."""

    def __init__(self, url: str, bootstrap: str, topic: str, margin_ms: int = 1_000, parallelism: int = 1) -> None:
        self.restorer = Restorer(url, "job", FeaturesTopic(bootstrap, {}, topic, TTL_S), margin_ms)
        self.store = FeatureStore(url, ttl_s=TTL_S, marks=self.restorer.marks)
        self.restorer.start(self.store)
        self.restorer.add(0, parallelism)

    def restored(self, runs: int = 1) -> None:
        until(lambda: self.restorer.runs >= runs and not self.restorer.is_restoring, 30)
        all_written(self.store)

    def close(self) -> None:
        self.restorer.close()
        self.store.close()


@contextmanager
def job(redis_process: RedisProcess, topic: TopicOfFeatures) -> Iterator[Job]:
    made = Job(redis_process.url, topic.kafka.bootstrap_servers, topic.topic.name)
    try:
        yield made
    finally:
        made.close()


def _mark(redis_process: RedisProcess, subtask: int = 0) -> int | None:
    value = redis_process.client.get(mark_key("job", subtask))
    assert value is None or isinstance(value, bytes)
    return None if value is None else int(value)


def test_without_a_mark_the_whole_topic_is_put_and_nothing_over_a_newer_value(
    redis_process: RedisProcess, topic: TopicOfFeatures, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    now = now_ms()
    for number in range(200):
        topic.put("browser", f"b{number}", b"state %d" % number, newest=number)
    topic.put("browser", "b1", b"newer", newest=300)
    topic.put("listing", "l1", b"of the other job")
    topic.erase("browser", "b2")
    topic.erase("browser", "b3")
    topic.put("browser", "b3", b"anew after an erasure", newest=1)
    topic.put("browser", "long ago", b"expired", written=now - 700_000)
    topic.put("session", "s:1", b"a session", written=now - 20_000)
    with topic.producer() as producer:
        for odd in (b"browser:odd", b"\xff"):
            producer.produce(topic.topic.name, b"{}", odd)
    with redis_process.frozen():
        began = time.monotonic()
        running = Job(redis_process.url, topic.kafka.bootstrap_servers, topic.topic.name)
        assert time.monotonic() - began < 1, "nobody waits for it"
        running.store.put(key(4), 1_000, b"of a newer event")
        running.store.put("features:browser:mine", 1, b"mine")
    running.restored()
    client = redis_process.client
    assert packed(client, key(0)) == b"state 0"
    assert packed(client, key(1)) == b"newer"
    assert packed(client, key(2)) is None
    assert packed(client, key(3)) == b"anew after an erasure"
    assert packed(client, key(4)) == b"of a newer event"
    assert packed(client, "features:browser:mine") == b"mine"
    assert packed(client, "features:session:s:1") == b"a session"
    assert 0 < int(str(client.ttl("features:session:s:1"))) <= 40, "what is left of its time to live"
    until(lambda: (_mark(redis_process) or 0) >= now)
    assert client.dbsize() == 200 - 1 + 3, "without b2, and with a session, mine and the mark"
    running.close()
    [told] = [record.getMessage() for record in caplog.records if "restored" in record.getMessage()]
    assert told.startswith("features restored from the whole topic")
    assert told.endswith("203 values and 2 erasures of 209 records, 1 expired, 1 unreadable")


def test_from_a_mark_only_what_came_afterwards_is_put(redis_process: RedisProcess, topic: TopicOfFeatures) -> None:
    now = now_ms()
    for number in range(100):
        topic.put("browser", f"b{number}", b"x", written=now - 100_000 + number * 1_000)
    redis_process.client.set(mark_key("job", 0), now - 50_000)
    with job(redis_process, topic) as running:
        running.restored()
    assert redis_process.client.dbsize() == 1 + 51, "the mark, and of the 50 s, and 1 s of margin"
    redis_process.client.flushall()
    redis_process.client.set(mark_key("job", 0), now + 1_000)
    with job(redis_process, topic) as running:
        running.restored()
    assert redis_process.client.dbsize() == 1 + 0


def test_what_subtasks_had_not_written_that_the_job_has_no_more_is_put(
    redis_process: RedisProcess, topic: TopicOfFeatures
) -> None:
    now = now_ms()
    for number in range(10):
        topic.put("browser", f"b{number}", b"x", written=now - 10_000 + number * 1_000)
    redis_process.client.set(mark_key("job", 0), now)
    redis_process.client.set(mark_key("job", 3), now - 4_000)
    with job(redis_process, topic) as running:
        running.restored()
    assert packed(redis_process.client, key(5)) == b"x"
    assert packed(redis_process.client, key(4)) is None
    assert _mark(redis_process, 3) is None


def test_a_transaction_that_is_open_is_waited_for(redis_process: RedisProcess, topic: TopicOfFeatures) -> None:
    """Of a process that was killed between a checkpoint and its commit: nobody puts its values again."""
    topic.put("browser", "b1", b"committed")
    topic.put("browser", "b2", b"committed")
    with job(redis_process, topic) as running:
        with topic.transaction() as producer:
            topic.send(producer, "browser", "b3", b"in the transaction")
            topic.send(producer, "browser", "b2", None)
            assert not producer.flush(30)
            # The restore began before, perhaps: what counts is the end of the topic when all was put.
            until(lambda: packed(redis_process.client, key(1)) == b"committed")
            time.sleep(4)
            assert running.restorer.is_restoring
            assert not _mark(redis_process)
        running.restored()
    assert packed(redis_process.client, key(3)) == b"in the transaction"
    assert packed(redis_process.client, key(2)) is None


def test_the_mark_goes_on_when_nothing_is_put_and_stays_while_something_waits(
    redis_process: RedisProcess, topic: TopicOfFeatures
) -> None:
    with job(redis_process, topic) as running:
        running.restored()
        until(lambda: _mark(redis_process))
        before = now_ms()
        until(lambda: (_mark(redis_process) or 0) > before)
        with redis_process.frozen():
            time.sleep(1.2)
            put = now_ms()
            running.store.put(key(1), 1, b"x")
            time.sleep(1.2)
        assert (_mark(redis_process) or 0) <= put
        all_written(running.store)
        until(lambda: (_mark(redis_process) or 0) > put)


def test_redis_is_filled_again_when_it_was_emptied(
    redis_process: RedisProcess, topic: TopicOfFeatures, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for number in range(100):
        topic.put("browser", f"b{number}", b"state %d" % number)
    with job(redis_process, topic) as running:
        running.restored()
        until(lambda: _mark(redis_process))
        redis_process.client.flushall()
        running.restored(2)
        assert [packed(redis_process.client, key(each)) for each in range(100)] == [b"state %d" % n for n in range(100)]
        until(lambda: _mark(redis_process))
        redis_process.kill()
        redis_process.start()
        running.restored(3)
        assert len(list(redis_process.client.scan_iter("features:browser:*"))) == 100
        until(lambda: _mark(redis_process))
        redis_process.client.set(mark_key("job", 0), now_ms() - 30_000)  # as an older copy of it has it
        running.restored(4)
    told = [record.getMessage() for record in caplog.records if "restored" in record.getMessage()]
    assert ["whole topic" in each for each in told] == [True, True, True, False]


@pytest.mark.parametrize("how", ["emptied", "killed"])
@pytest.mark.parametrize("has_mark", [True, False])
def test_redis_that_is_emptied_while_it_is_filled_is_filled_again(
    redis_process: RedisProcess, topic: TopicOfFeatures, how: str, has_mark: bool
) -> None:
    for number in range(100):
        topic.put("browser", f"b{number}", b"state %d" % number)
    if has_mark:
        redis_process.client.set(mark_key("job", 0), now_ms() - 30_000)
    with job(redis_process, topic) as running:
        until(lambda: int(str(redis_process.client.dbsize())) >= 100)
        assert running.restorer.is_restoring
        if how == "killed":
            redis_process.kill()
            redis_process.start()
        else:
            redis_process.client.flushall()
        running.restored()
        assert len(list(redis_process.client.scan_iter("features:browser:*"))) == 100
        until(lambda: _mark(redis_process))


def test_a_killed_process_loses_nothing(redis_process: RedisProcess, topic: TopicOfFeatures) -> None:
    def started(first: int, number: int) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "tests.applications.features.store.killed_job", redis_process.url]
        command += [topic.kafka.bootstrap_servers, topic.topic.name, str(first), str(number)]
        return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE)

    def said(process: "subprocess.Popen[bytes]") -> bytes:
        assert process.stdout is not None
        return process.stdout.readline().strip()

    with started(0, 300) as process:
        try:
            assert [said(process), said(process)] == [b"published", b"written"]
            until(lambda: _mark(redis_process))
        finally:
            process.kill()
    with redis_process.frozen(), started(300, 300) as process:
        try:
            assert said(process) == b"published"
        finally:
            process.kill()
    assert redis_process.client.dbsize() == 300 + 1
    with job(redis_process, topic) as running:
        running.restored()
    assert [packed(redis_process.client, key(each)) for each in range(600)] == [b"state %d" % n for n in range(600)]


def test_the_subtasks_of_a_process_share_a_store_and_each_has_a_mark(redis_process: RedisProcess, kafka: Kafka) -> None:
    topic = TopicOfFeatures(kafka, FEATURES)
    topic.put("user", "u1", b"there")
    settings = StoreSettings(
        job="job", redis_url=RedisUrl(redis_process.url), bootstrap_servers=kafka.bootstrap_servers, login={}
    )
    first, second = (SubtaskStore(settings, {"user": 60}, subtask=number, parallelism=2) for number in range(2))
    assert first.store is second.store
    until(lambda: not first.is_restoring)
    assert packed(redis_process.client, "features:user:u1") == b"there"
    until(lambda: _mark(redis_process, 0) and _mark(redis_process, 1))
    first.close()
    assert second.store.put("features:user:u2", 1, b"still open")
    second.close()
    assert packed(redis_process.client, "features:user:u2") == b"still open"
    assert not second.store.put("features:user:u3", 1, b"closed")
    again = SubtaskStore(settings, {"user": 60}, subtask=0, parallelism=1)
    try:
        assert again.store is not first.store
        until(lambda: not again.is_restoring)
        assert _mark(redis_process, 1) is None, "of a subtask that the job has no more"
    finally:
        again.close()


@pytest.mark.servers
def test_without_a_broker_the_store_works_and_tries_again(
    redis_process: RedisProcess, caplog: pytest.LogCaptureFixture
) -> None:
    running = Job(redis_process.url, "127.0.0.1:1", "t")
    try:
        running.store.put(key(1), 1, b"x")
        all_written(running.store)
        until(lambda: "no answer from the Kafka broker" in caplog.text)
        assert running.restorer.is_restoring
        assert not _mark(redis_process)
    finally:
        began = time.monotonic()
        running.close()
    assert time.monotonic() - began < 12
