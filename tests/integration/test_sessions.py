"""The behaviour job on real Kafka and Flink: its sessions are those of the plain reference, whatever happens to it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import redis

from common.flink.property_groups import Groups
from common.opt_outs.suppression import suppress
from deploy.profiles import BEHAVIOUR_LOCAL, Profile
from local_stack.stack import LocalStack
from tests.integration.behaviour_events import MINUTE, event, visits
from tests.integration.behaviour_run import ROCKSDB, BehaviourJobRun, Sessionized

HOUR = 60 * MINUTE
DAY = 24 * HOUR
NOW = 1_790_000_000_000
Behaviour = Callable[..., BehaviourJobRun]


@pytest.fixture
def behaviour(stack: LocalStack, request: pytest.FixtureRequest) -> Iterator[Behaviour]:
    """Starts the job with changed properties, and cancels it after the test."""
    with ExitStack() as started:

        def start(
            changes: Groups | None = None, *, profile: Profile = BEHAVIOUR_LOCAL, parallelism: int = 1
        ) -> BehaviourJobRun:
            run = BehaviourJobRun(stack, request.node.name.partition("[")[0], changes or {}, profile)
            started.callback(run.close)
            run.start(parallelism=parallelism)
            return run

        yield start


def _assert_equals_reference(run: BehaviourJobRun, found: Sessionized) -> None:
    assert found.summary.balanced, found.summary.faults
    expected = run.reference()
    assert found.final.keys() == expected.keys()
    for name, session in expected.items():
        record = found.final[name]
        assert (record.start_tstamp, record.end_tstamp, record.events) == (session.start, session.end, session.events)
        assert (record.entry_page, record.exit_page) == (session.entry_page, session.exit_page)
        assert (record.orders, round(record.order_value, 3)) == (session.orders, round(session.order_value, 3))
        assert record.is_engaged == session.is_engaged
        assert record.is_ended


@pytest.mark.parametrize(("profile", "parallelism"), [(BEHAVIOUR_LOCAL, 2), (ROCKSDB, 1)])
def test_sessions_are_those_of_the_reference(behaviour: Behaviour, profile: Profile, parallelism: int) -> None:
    run = behaviour({"job": {"mirrored.visitors": "100"}}, profile=profile, parallelism=parallelism)
    run.send(visits(20_000, 300, NOW, seed=1 + parallelism))
    found = run.result()
    _assert_equals_reference(run, found)
    assert found.summary.repeated > 100
    assert found.summary.corrected > 10
    assert found.summary.superseded > 10


def _in_background(run: BehaviourJobRun, events: int, seed: int) -> threading.Thread:
    sender = threading.Thread(target=run.send, args=(visits(events, 200, NOW, seed),), kwargs={"per_second": 1_500})
    sender.start()
    return sender


def test_kill_9_in_the_middle(behaviour: Behaviour) -> None:
    run = behaviour(profile=ROCKSDB)
    sender = _in_background(run, 12_000, seed=11)
    run.wait_stamped(2_000)
    run.replace_task_managers()
    sender.join()
    run.stack.flink.rest.wait_running(run.job_id, 60)
    assert run.stack.flink.rest.restarts(run.job_id) >= 1
    _assert_equals_reference(run, run.result())


def test_savepoint_and_another_parallelism(behaviour: Behaviour) -> None:
    run = behaviour(profile=ROCKSDB, parallelism=1)
    sender = _in_background(run, 9_000, seed=12)
    run.wait_stamped(2_000)
    savepoint = run.stack.flink.rest.stop_with_savepoint(run.job_id)
    run.start(parallelism=2, savepoint=savepoint)
    sender.join()
    _assert_equals_reference(run, run.result())


def test_server_events_of_an_account_join_the_session_of_its_browser(behaviour: Behaviour) -> None:
    run = behaviour(parallelism=2)
    before = [event(1, NOW, None, "anna", event_name="order", price=5.0, currency="EUR")]
    run.send(before)
    run.wait_stamped(1)
    run.send([event(2, NOW + MINUTE, "phone", "anna"), event(3, NOW + 2 * MINUTE, "phone")])
    run.wait_stamped(3)
    time.sleep(1)  # until the account knows its browser
    run.send([event(4, NOW + 3 * MINUTE, None, "anna", event_name="sign_in"), event(5, NOW, None, "otto")])
    found = run.result()
    assert found.summary.balanced, found.summary.faults
    anna = [each for each in found.final.values() if "anna" in (each.user_id, each.visitor_id)]
    assert [(each.visitor_kind, each.visitor_id, each.events, each.order_value) for each in anna] == [
        ("browser", "phone", 4, 5.0)
    ]
    (gone,) = [each for each in found.records if each.kind == "superseded"]
    assert (gone.visitor_id, gone.superseded_by) == ("anna", anna[0].session_id)
    assert [each["session_event_number"] for each in found.stamped if each["event_id"].endswith("4")] == [4]
    assert [key for key, _ in found.identities] == [b"anna"]


def test_twelve_hours_in_one_partition_and_clocks_that_jump(behaviour: Behaviour) -> None:
    run = behaviour(parallelism=2)
    events = [event(number, NOW + number * 1_000, f"b{number % 10}") for number in range(500)]
    events += [event(1_000 + number, NOW + 12 * HOUR + number * 1_000, "b1") for number in range(50)]
    events += [event(2_000 + number, NOW + 500_000 + number * 1_000, "b2") for number in range(50)]
    events += [event(3_000, NOW + DAY, "ahead"), event(3_001, NOW + HOUR, "ahead")]
    run.send(events)
    _assert_equals_reference(run, run.result())


def test_a_visitor_whose_events_come_backwards_and_one_with_very_many(behaviour: Behaviour) -> None:
    run = behaviour(profile=ROCKSDB)
    backwards = [event(number, NOW + HOUR - number * 1_000, "backwards") for number in range(1_500)]
    many = [event(10_000 + number, NOW + number * 100, "many") for number in range(25_000)]
    run.send(backwards)
    run.send(many)
    found = run.result()
    assert found.summary.balanced, found.summary.faults
    expected = run.reference()
    assert found.final.keys() == expected.keys()
    assert sorted(each.events for each in found.final.values() if each.visitor_id == "many") == [5_000, 10_000, 10_000]


def test_an_event_behind_by_more_than_the_lateness_goes_to_the_late_topic(behaviour: Behaviour) -> None:
    run = behaviour({"sessions": {"lateness.ms": str(HOUR)}})
    run.send(event(number, NOW + number * MINUTE, f"b{number % 3}") for number in range(200))
    run.wait_stamped(200)
    time.sleep(1)
    old: dict[str, Any] = event(1_000, NOW + 200 * MINUTE, "b1", derived_tstamp=NOW + 60 * MINUTE)
    run.send([old, event(1_001, NOW + 200 * MINUTE, "b1", derived_tstamp=NOW + 150 * MINUTE)])
    found = run.result()
    (late,) = found.late
    assert late["event_id"] == old["event_id"]
    assert (late["session_reason"], late["lateness_ms"] > HOUR) == ("lateness", True)
    assert found.summary.balanced, found.summary.faults


def test_an_opt_out_ends_the_sessions_and_deletes_the_state(stack: LocalStack, behaviour: Behaviour) -> None:
    run = behaviour({"privacy": {"suppression.redis.url": stack.optouts_url}}, parallelism=2)
    browser, account = f"b-{run.name}", f"a-{run.name}"
    events = [event(1, NOW, browser, account), event(2, NOW + HOUR, browser), event(3, NOW + HOUR, "other")]
    run.send(events)
    run.wait_stamped(3)
    time.sleep(1)
    with redis.Redis.from_url(stack.optouts_url) as client:
        suppress(client, account)
    until = time.monotonic() + 30
    while sum(each.end_reason == "opted_out" for each in run.read().records) < 2:
        assert time.monotonic() < until, "the sessions did not end"
        run.send([event(10 + round(time.monotonic() * 10), NOW + HOUR, "other")])
        time.sleep(0.2)
    found = run.result()
    mine = [each for each in found.records if each.visitor_id == browser]
    assert [(each.kind, each.events) for each in mine if each.end_reason == "opted_out"] == [
        ("correction", 0),
        ("end", 0),
    ]
    assert sum(each.delta_events for each in mine) == 0
    identities = [value for key, value in found.identities if key == account.encode()]
    assert identities[0] is not None
    assert identities[-1] is None
    # The state is gone: the same browser begins anew.
    assert all(each.end_reason == "opted_out" for each in found.final.values() if each.visitor_id == browser)
