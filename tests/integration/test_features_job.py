"""The job features on real Kafka, Flink and Redis: its values are those of a naive fold, whatever happens to it."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from common.flink.property_groups import Groups
from contracts.features.erasures import EraseFeatures, Forget
from contracts.fixed_topics import BEHAVIOUR_MESSAGES, SESSIONIZED
from contracts.topics import SECURITY
from deploy.profiles import FEATURES_LOCAL, Profile
from local_stack.lookup.redis import Redis
from local_stack.stack import LocalStack
from tests.applications.features.events import DAY, NOW, behaviour_traffic, security_traffic, sign_in, view
from tests.integration.features_run import FeaturesJobRun

ROCKSDB = replace(FEATURES_LOCAL, state_backend="rocksdb")
Features = Callable[..., FeaturesJobRun]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Redis]:
    """A Redis of the test's own, which it may stop."""
    made = Redis(tmp_path)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def features(stack: LocalStack, server: Redis, request: pytest.FixtureRequest) -> Iterator[Features]:
    """Starts the job with changed properties, and cancels it after the test."""
    with ExitStack() as started:

        def start(
            changes: Groups | None = None, *, profile: Profile = FEATURES_LOCAL, parallelism: int = 1
        ) -> FeaturesJobRun:
            name = request.node.name.partition("[")[0]
            run = FeaturesJobRun(stack, name, server.url, changes or {}, profile)
            started.callback(run.close)
            run.start(parallelism=parallelism)
            return run

        yield start


def _until(found: Callable[[], object], timeout_s: float = 30.0) -> None:
    until = time.monotonic() + timeout_s
    while not found():
        assert time.monotonic() < until
        time.sleep(0.1)


def _send_traffic(run: FeaturesJobRun, count: int, seed: int, per_second: float = 0) -> None:
    behaviour = list(behaviour_traffic(count, seed=seed, run=run.name))
    security = list(security_traffic(count // 2, seed=seed, run=run.name))
    run.send(behaviour, security, per_second=per_second)


def _in_background(run: FeaturesJobRun, count: int, seed: int) -> threading.Thread:
    sender = threading.Thread(target=_send_traffic, args=(run, count, seed), kwargs={"per_second": 500})
    sender.start()
    return sender


@pytest.mark.parametrize(("profile", "parallelism"), [(FEATURES_LOCAL, 2), (ROCKSDB, 1)])
def test_store_and_topic_have_the_values_of_a_naive_fold(
    features: Features, profile: Profile, parallelism: int
) -> None:
    run = features({"job": {"mirrored.entities": "10"}}, profile=profile, parallelism=parallelism)
    _send_traffic(run, 4_000, seed=parallelism)
    run.wait_equal()
    written = [each for records in run.records().values() for each in records]
    assert None not in written
    assert len(written) < 4_000, "one a second of an entity at most, and not one for each of 12,000 changes"


def test_repetitions_count_once(features: Features) -> None:
    run = features()
    visits = [
        view(
            n,
            NOW + n,
            event_id=f"{run.name}{n}",
            user_id=f"{run.name}u",
            listing_id=f"{run.name}l",
            listing_seller_id=f"{run.name}s",
        )
        for n in range(50)
    ]
    sign_ins = [sign_in(n, NOW + n, f"{run.name}u", event_id=f"{run.name}{n}") for n in range(50)]
    run.send(visits, sign_ins)
    run.send([{**each, "session_is_repeated": True} for each in visits], [*sign_ins, *sign_ins])
    run.wait_equal()
    # A fast stream's counts are handed over ten times a second, with an event: the last one brings them.
    run.send([{**visits[0], "session_is_repeated": True}], [sign_ins[0]])
    _until(lambda: run.metric("events_repeated") == 51 and run.metric("contributions_repeated") == 101)
    run.wait_equal()


def test_kill_9_in_the_middle(features: Features) -> None:
    run = features(profile=ROCKSDB)
    sender = _in_background(run, 5_000, seed=11)
    _until(lambda: len(run.stored()) > 20)
    run.replace_task_managers()
    sender.join()
    run.stack.flink.rest.wait_running(run.job_id, 60)
    run.wait_equal()
    assert run.stack.flink.rest.restarts(run.job_id) >= 1


def test_kill_9_while_redis_takes_nothing_loses_nothing(features: Features, server: Redis) -> None:
    """What the killed process had not written comes from its state or from the topic."""
    run = features()
    _send_traffic(run, 500, seed=21)
    run.wait_equal()
    _until(run.mark)
    assert server.process is not None
    os.kill(server.process.pid, signal.SIGSTOP)
    _send_traffic(run, 500, seed=22)
    _until(lambda: run.metric("contributions_counted") > 1_500)
    time.sleep(2 * FEATURES_LOCAL.checkpoint_interval_ms / 1_000)
    run.replace_task_managers()
    time.sleep(2)
    os.kill(server.process.pid, signal.SIGCONT)
    run.stack.flink.rest.wait_running(run.job_id, 60)
    run.wait_equal()


def test_savepoint_and_another_parallelism(features: Features) -> None:
    run = features(profile=ROCKSDB, parallelism=1)
    sender = _in_background(run, 4_000, seed=12)
    _until(lambda: len(run.stored()) > 20)
    savepoint = run.stack.flink.rest.stop_with_savepoint(run.job_id)
    run.start(parallelism=2, savepoint=savepoint)
    sender.join()
    run.wait_equal()


def test_an_opt_out_erases_user_and_account(features: Features) -> None:
    run = features(parallelism=2)
    users = [f"{run.name}u{n}" for n in range(4)]
    for number, user in enumerate(users):
        ids = {"event_id": f"{run.name}{number}", "listing_id": f"{run.name}l", "listing_seller_id": f"{run.name}s"}
        run.send(
            [view(number, NOW + number, user_id=user, **ids)], [sign_in(number, NOW, user, event_id=ids["event_id"])]
        )
    run.wait_equal()
    run.tell(Forget(users[0], NOW + DAY))
    run.tell(EraseFeatures("account", users[1], NOW + DAY))
    expected = run.expected()
    for gone in (("user", users[0]), ("account", users[0]), ("account", users[1])):
        del expected[gone]
    run.wait_equal(expected)
    assert run.records()[f"user:{users[0]}"][-1] is None
    assert not [key for key in run.redis.scan_iter("features:*") if users[0].encode() in key]
    # An event that was on its way does not bring it back.
    late = view(99, NOW + 99, event_id=f"{run.name}99", user_id=users[0], listing_id=None, listing_seller_id=None)
    run.send([late])
    _until(lambda: run.metric("contributions_erased") == 1)
    run.wait_equal(expected)


def test_what_cannot_be_read_is_counted_and_stops_nothing(features: Features) -> None:
    run = features()
    restarts = run.stack.flink.rest.restarts(run.job_id)
    for value in (b"", b"{", b"[]", b'{"event_id":7}', b"\xff\xfe"):
        run.send_value(SESSIONIZED.name, "x", value)
        run.send_value(SECURITY.name, "x", value)
        run.send_value(BEHAVIOUR_MESSAGES.name, "x", value)
    run.send_value(BEHAVIOUR_MESSAGES.name, "x", b"\x93\x04\x01\x02")
    _send_traffic(run, 200, seed=31)
    run.wait_equal()
    _send_traffic(run, 10, seed=32)  # counts are handed over with a later event
    _until(lambda: run.metric("events_unreadable") == 10 and run.metric("erasures_unreadable") == 1)
    assert run.stack.flink.rest.restarts(run.job_id) == restarts


def test_a_job_whose_store_is_full_can_be_cancelled(features: Features, server: Redis) -> None:
    run = features({"features": {"waiting": "5"}})
    _send_traffic(run, 100, seed=41)
    run.wait_equal()
    assert server.process is not None
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        _send_traffic(run, 500, seed=42)
        time.sleep(3)
        began = time.monotonic()
        run.stack.flink.rest.cancel(run.job_id)
        assert time.monotonic() - began < 20
        run.job_id = ""
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
