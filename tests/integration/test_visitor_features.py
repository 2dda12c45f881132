"""Features of browsers and their sessions on real Kafka, Flink and Redis: in the store and in the topic they are those
of a plain computation, whatever happens to the job.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import redis
from confluent_kafka import Producer

from applications.behaviour.visitors.messages import pack_message
from common.flink.property_groups import Groups, changed
from common.kafka.topic_reader import end_offsets, read_whole
from common.opt_outs.suppression import suppress
from contracts.features.erasures import EraseFeatures
from contracts.fixed_topics import BEHAVIOUR_MESSAGES, FEATURES
from deploy.profiles import BEHAVIOUR_LOCAL, Profile
from local_stack.stack import LocalStack
from tests.integration.behaviour_events import MINUTE, event, visits
from tests.integration.behaviour_run import ROCKSDB, BehaviourJobRun
from tests.integration.visitor_features import expected, published, shipped, stored, with_listings

NOW = 1_790_000_000_000
DECLARED = shipped()


class FeaturesRun(BehaviourJobRun):
    """With what the topic of features got since it began."""

    def __init__(self, stack: LocalStack, name: str, changes: Groups, profile: Profile) -> None:
        super().__init__(
            stack, name, changed({"features": {"publish.ms": "1000", "publish.values": "true"}}, changes), profile
        )
        self._start = end_offsets(stack.bootstrap_servers, (FEATURES.name,))

    def published(self) -> dict[str, Any]:
        return published(self.stack.bootstrap_servers, self._start, DECLARED)

    def records(self) -> int:
        """Of the topic, also those that were replaced since."""
        servers = self.stack.bootstrap_servers
        return sum(1 for _ in read_whole(servers, (FEATURES.name,), isolation="read_committed", start=self._start))

    def stored(self, names: Iterable[str]) -> dict[str, Any]:
        return stored(self.stack.redis_url, names, DECLARED)

    def wait_until_right(self, timeout_s: float = 90) -> int:
        """Store and topic have the features of what was sent, and no others. Returns how many entities."""
        wanted = expected(self.sent, DECLARED)
        until = time.monotonic() + timeout_s
        while self.published() != wanted and time.monotonic() < until:
            time.sleep(0.5)
        found = self.published()
        assert found.keys() == wanted.keys()
        different = [name for name in wanted if found[name] != wanted[name]]
        assert not different, (found[different[0]], wanted[different[0]])
        in_store = self.stored(wanted)
        different = [name for name in wanted if in_store.get(name) != wanted[name]]
        assert not different, (len(different), in_store.get(different[0]), wanted[different[0]])
        return len(wanted)


Job = Callable[..., FeaturesRun]


@pytest.fixture
def job(stack: LocalStack, request: pytest.FixtureRequest) -> Iterator[Job]:
    """Starts the job with changed properties, and cancels it after the test."""
    with ExitStack() as started:

        def start(changes: Groups | None = None, *, profile: Profile = ROCKSDB, parallelism: int = 1) -> FeaturesRun:
            run = FeaturesRun(stack, request.node.name.partition("[")[0], changes or {}, profile)
            started.callback(run.close)
            run.start(parallelism=parallelism)
            return run

        yield start


def test_store_and_topic_have_what_was_sent(job: Job) -> None:
    run = job({"job": {"mirrored.visitors": "100"}}, profile=BEHAVIOUR_LOCAL, parallelism=2)
    run.send(with_listings(visits(12_000, 200, NOW, seed=41)))
    assert run.wait_until_right() > 400


def test_kill_9_in_the_middle(job: Job) -> None:
    run = job()
    events = with_listings(visits(9_000, 150, NOW, seed=42))
    sender = threading.Thread(target=run.send, args=(events,), kwargs={"per_second": 1_000})
    sender.start()
    run.wait_stamped(2_000)
    run.replace_task_managers()
    sender.join()
    until = time.monotonic() + 90  # Flink needs a while to miss them
    while not run.stack.flink.rest.restarts(run.job_id):
        assert time.monotonic() < until, "the job was not restarted"
        time.sleep(0.3)
    run.stack.flink.rest.wait_running(run.job_id, 90)
    run.wait_until_right(120)


def test_what_was_kept_survives_a_drained_job(job: Job) -> None:
    run = job()
    run.send(with_listings(visits(500, 20, NOW, seed=43)))
    entities = run.wait_until_right()
    run.result()
    assert run.wait_until_right() == entities


def test_a_burst_of_one_browser_has_few_records_and_the_last_one_is_right(job: Job) -> None:
    run = job({"features": {"publish.ms": "2000"}})
    browser = f"burst-{run.name}"
    run.send(event(50_000_000 + number, NOW + number * 100, browser) for number in range(500))
    run.wait_until_right()
    assert run.records() < 50


def test_opted_out_and_erased(stack: LocalStack, job: Job) -> None:
    run = job({"privacy": {"suppression.redis.url": stack.optouts_url}})
    gone, erased, other = (f"{name}-{run.name}" for name in ("gone", "erased", "other"))
    visitors = (gone, erased, other)
    run.send(
        event(60_000_000 + 10 * number + place, NOW + number * 40 * MINUTE, name)
        for number in range(3)
        for place, name in enumerate(visitors)
    )
    run.wait_until_right()
    names = list(expected(run.sent, DECLARED))
    with redis.Redis.from_url(stack.optouts_url) as client:
        suppress(client, gone)
    producer = Producer({"bootstrap.servers": stack.bootstrap_servers})
    producer.produce(BEHAVIOUR_MESSAGES.name, pack_message(EraseFeatures("browser", erased, NOW)), erased.encode())
    assert not producer.flush(10)
    left = expected([each for each in run.sent if each["domain_userid"] == other], DECLARED)
    until = time.monotonic() + 30
    while (run.published() != left or run.stored(names) != left) and time.monotonic() < until:
        # The job looks for opt-outs when it has a record.
        producer.produce(BEHAVIOUR_MESSAGES.name, pack_message(EraseFeatures("listing", "any", NOW)), b"any")
        producer.flush(10)
        time.sleep(0.3)
    assert run.published() == left
    assert run.stored(names) == left
