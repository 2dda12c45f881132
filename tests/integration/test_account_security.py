"""The job account_security on real Kafka and Flink: its verdicts are those of the pure code, whatever happens to it."""

import itertools
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from common.flink.property_groups import Groups
from contracts.security.verdicts import Mode, Verdict
from core.risk.facets.limits import FacetLimits
from core.risk.observation import subject_key_of
from core.risk.stored_state import RULES_KEY, decode_rules, subject_key
from core.risk.subject.state import unpack
from core.stored_value import decode_state
from deploy.profiles import ACCOUNT_SECURITY_LOCAL, Profile
from local_stack.lookup.redis import Redis
from local_stack.stack import LocalStack
from tests.applications.account_security.in_memory import Verdicts, content
from tests.applications.account_security.rule_files import EVERY_FAILURE
from tests.applications.account_security.security_events import MINUTE, NOW, event, traffic
from tests.integration.security_run import SecurityJobRun

ROCKSDB = replace(ACCOUNT_SECURITY_LOCAL, state_backend="rocksdb", checkpoint_interval_ms=500)
Security = Callable[..., SecurityJobRun]


@pytest.fixture
def security(stack: LocalStack, request: pytest.FixtureRequest) -> Iterator[Security]:
    """Starts the job with changed properties, and cancels it after the test."""
    with ExitStack() as started:

        def start(
            changes: Groups | None = None, *, profile: Profile = ACCOUNT_SECURITY_LOCAL, parallelism: int | None = 1
        ) -> SecurityJobRun:
            """:param parallelism: None: it is not started yet."""
            run = SecurityJobRun(stack, request.node.name.partition("[")[0], changes or {}, profile)
            started.callback(run.close)
            if parallelism is not None:
                run.start(parallelism=parallelism)
            return run

        yield start


def _until(found: Callable[[], object], timeout_s: float = 30.0) -> None:
    until = time.monotonic() + timeout_s
    while not found():
        assert time.monotonic() < until
        time.sleep(0.1)


def _assert_equal(found: Verdicts, expected: Verdicts) -> None:
    assert found.keys() == expected.keys()
    different = {key: (found[key], expected[key]) for key in expected if content(found[key]) != content(expected[key])}
    assert not different, f"{len(different)} differ, such as {next(iter(different.values()))}"


def _stopped(verdicts: Verdicts) -> list[Verdict]:
    return [each for each in verdicts.values() if each.mode == "live" and each.decision != "allow"]


@pytest.mark.parametrize(("profile", "parallelism"), [(ACCOUNT_SECURITY_LOCAL, 2), (ROCKSDB, 1)])
def test_verdicts_are_those_of_the_pure_code(security: Security, profile: Profile, parallelism: int) -> None:
    run = security({"job": {"mirrored.subjects": "20"}}, profile=profile, parallelism=parallelism)
    run.send(traffic(4_000, 80, seed=parallelism, run=run.name))
    found = run.wait_judged()
    expected = run.reference()
    _assert_equal(found.newest, expected)
    reasons = {reason.code for each in expected.values() for reason in each.reasons}
    assert {"credential_stuffing_address", "success_after_stuffing", "password_cracking"} <= reasons
    assert len(_stopped(expected)) > 50
    assert all(len(each) == 1 for each in found.by_id.values()), "no restart: no verdict comes twice"
    # What a reader of committed records has later is the same.
    _until(lambda: len(run.verdicts("read_committed").all) == len(found.all))


def _in_background(run: SecurityJobRun, events: int, seed: int) -> threading.Thread:
    made = traffic(events, 80, seed, run=run.name)
    sender = threading.Thread(target=run.send, args=(made,), kwargs={"per_second": 800})
    sender.start()
    return sender


def test_kill_9_in_the_middle(security: Security) -> None:
    run = security(profile=ROCKSDB)
    sender = _in_background(run, 6_000, seed=11)
    run.wait_some(1_500)
    run.replace_task_managers()
    sender.join()
    run.stack.flink.rest.wait_running(run.job_id, 60)
    found = run.wait_judged()
    assert run.stack.flink.rest.restarts(run.job_id) >= 1
    for verdicts in found.by_id.values():
        assert all(each == verdicts[0] for each in verdicts), "an equal id says that the verdict is equal"
    # After a restart the parts of events may come in another order, so a version on the way to the last one may have
    # another content and id than before. Readers who do not wait for commits see both, and the last record counts.
    _assert_equal(found.newest, run.reference())
    committed = run.verdicts("read_committed")
    assert all(len(each) == 1 for each in committed.by_id.values())
    told = found.ids
    for version, ids in committed.ids.items():
        assert len(ids) == 1, version
        assert ids <= told[version]
    assert found.newest == committed.newest
    _assert_equal(committed.newest, run.reference())


def test_savepoint_and_another_parallelism(security: Security) -> None:
    run = security(profile=ROCKSDB, parallelism=1)
    sender = _in_background(run, 5_000, seed=12)
    run.wait_some(1_500)
    savepoint = run.stack.flink.rest.stop_with_savepoint(run.job_id)
    run.start(parallelism=2, savepoint=savepoint)
    sender.join()
    found = run.wait_judged()
    _assert_equal(found.newest, run.reference())
    assert all(len(each) == 1 for each in found.by_id.values())


@pytest.mark.parametrize("parallelism", [1, 2])
def test_catching_up_with_partitions_one_after_the_other(security: Security, parallelism: int) -> None:
    limits = FacetLimits()
    shipped = {"facet.events": str(limits.events), "facet.lateness.ms": str(limits.lateness_ms)}
    run = security({"logs": shipped}, parallelism=None)
    begin = time.time_ns() // 1_000_000 - 60 * MINUTE
    attack = [
        event(n, begin + n * 3_000, f"{run.name}-{n % 200}", run=run.name, auth_outcome="failure") for n in range(600)
    ]
    for partition in (0, 1):
        run.send(attack[partition::2], partition=partition)
    run.start(parallelism=parallelism)
    found = run.wait_judged()
    expected = run.reference(limits)
    assert len(_stopped(expected)) > 590
    _assert_equal(found.newest, expected)


def test_late_and_unreadable_events(security: Security) -> None:
    run = security(parallelism=2)
    users = [f"{run.name}-{number}" for number in range(12)]
    attack = [event(n, NOW + n * 1_000, user, run=run.name, auth_outcome="failure") for n, user in enumerate(users)]
    for value in (b"", b"{", b"[]", b'{"event_id":7}', b"\xff\xfe"):
        run.send_value(value)
    run.send_value(b'{"event_id":"x","event_name":"page_view","collector_tstamp":1}')
    run.send(attack[6:])
    first = run.wait_judged()
    assert not _stopped(first.newest)
    run.send(attack[:6])
    found = run.wait_judged()
    _assert_equal(found.newest, run.reference())
    assert len(_stopped(found.newest)) == 12
    again = [each for each in found.newest.values() if each.verdict_version > 1]
    assert again
    assert all(each.supersedes in found.by_id for each in again)
    _until(lambda: run.metric("events_unreadable") == 5 and run.metric("events_without_flow") == 1)


def test_rules_change_while_the_job_runs(security: Security) -> None:
    run = security(parallelism=2)
    restarts, before = run.stack.flink.rest.restarts(run.job_id), run.rules.version

    def failure(number: int) -> dict[str, object]:
        user, at = f"{run.name}-{number}", NOW + number * MINUTE * 30
        return event(number, at, user, run=run.name, auth_outcome="failure", user_ipaddress=f"203.0.113.{number}")

    def judged() -> tuple[str, list[str]]:
        """Of another failure: the version of the rules, and what holds."""
        sent = failure(next(numbers))
        run.send([sent])
        verdict = run.wait_judged([sent]).newest[str(sent["event_id"]), "live"]
        return verdict.rules_version, [reason.code for reason in verdict.reasons]

    numbers = itertools.count()
    assert judged() == (before, [])
    run.change_rule("every_failure", EVERY_FAILURE)
    _until(lambda: judged()[1] == ["every_failure"])
    changed, _ = judged()
    assert changed != before
    for poison in (b"{", b"\x00\xff", b'{"schema":"clickstream.rule/1"}'):
        run.change_rule("poisoned", poison)
    run.change_rule("not_valid", EVERY_FAILURE.replace("every_failure", "not_valid").replace("'failure'", "nothing"))
    run.change_rule("other_name", EVERY_FAILURE)
    # Gauges are set while verdicts are told. Both subtasks have the number, one may have had no verdict yet.
    _until(lambda: judged() == (changed, ["every_failure"]) and run.metric("rules_refused") >= 3)
    run.change_rule("every_failure", None)
    _until(lambda: judged() == (before, []))
    assert run.stack.flink.rest.restarts(run.job_id) == restarts


def test_a_label_changes_a_verdict_and_erasing_leaves_nothing(security: Security, server: Redis) -> None:
    run = security({"risk": {"redis.url": server.url}}, parallelism=2)
    client = redis.Redis.from_url(server.url)
    user = f"{run.name}-u"
    sent = [event(number, NOW + number, user, run=run.name, auth_outcome="failure") for number in range(6)]
    run.send(sent)
    run.wait_judged()
    run.label(user, "confirmed_fraud", sent[0]["event_id"], NOW + MINUTE)
    first: tuple[str, Mode] = (sent[0]["event_id"], "live")
    _until(lambda: run.verdicts().newest[first].decision == "deny")
    key = subject_key(subject_key_of("user", user))
    _until(lambda: client.exists(key))
    _until(lambda: list(client.scan_iter("risk:f:*")))
    assert _naming(client, user) == {key.encode()}, "facets do not know who it was"
    assert _log(client, key) == [each["event_id"] for each in sent]
    run.label(user, "erase", None, NOW + 2 * MINUTE)
    _until(lambda: not client.exists(key))
    assert _naming(client, user) == set()
    assert list(client.scan_iter("risk:f:*"))
    # The job has forgotten as well: it knows the later events alone.
    later = [event(number, NOW + MINUTE + number, user, run=run.name, auth_outcome="failure") for number in (7, 8)]
    run.send(later)
    run.wait_judged()
    _until(lambda: client.exists(key) and len(_log(client, key)) == 2)
    assert _log(client, key) == [each["event_id"] for each in later]


def _log(client: redis.Redis, key: str) -> list[str]:
    """Ids of the events of a subject."""
    stored = client.get(key)
    assert isinstance(stored, bytes)
    state = decode_state(stored)
    assert state is not None
    return [entry.observed.event_id for entry in unpack(state.packed).log]


def _naming(client: redis.Redis, name: str) -> set[bytes]:
    """Keys under which a name is found as it is."""
    found = set()
    for key in client.scan_iter("risk:*"):
        value = client.get(key)
        if name.encode() in key or (isinstance(value, bytes) and name.encode() in value):
            found.add(key)
    return found


def test_without_redis_the_job_goes_on_and_the_copy_converges(security: Security, server: Redis) -> None:
    run = security({"risk": {"redis.url": server.url}}, parallelism=1)
    client = redis.Redis.from_url(server.url)
    _until(lambda: client.exists(RULES_KEY))
    rules = client.get(RULES_KEY)
    assert isinstance(rules, bytes)
    assert (stored := decode_rules(rules)) is not None
    assert stored.version == run.rules.version
    run.send(traffic(300, 20, seed=21, run=run.name))
    run.wait_judged()
    before = {key: client.get(key) for key in client.scan_iter("risk:[fs]:*")}
    assert before
    assert server.process is not None
    os.kill(server.process.pid, signal.SIGSTOP)
    more = list(traffic(300, 20, seed=22, run=run.name, start=NOW + 200 * MINUTE))
    run.send({**each, "event_id": f"{each['event_id']}-later"} for each in more)
    run.wait_judged()
    os.kill(server.process.pid, signal.SIGCONT)
    users = {str(each["user_id"]) for each in more}

    def newest(user: str) -> int:
        value = client.get(subject_key(subject_key_of("user", user)))
        state = decode_state(value) if isinstance(value, bytes) else None
        return 0 if state is None else state.newest_ms

    expected = {user: max(each["collector_tstamp"] for each in more if each["user_id"] == user) for user in users}
    _until(lambda: {user: newest(user) for user in users} == expected)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Redis]:
    """A Redis of the test's own, which it may stop."""
    made = Redis(tmp_path)
    made.start()
    yield made
    made.stop()
