"""The task manager is killed while events are pending: nothing is lost, nothing is duplicated."""

import threading
import time
from collections.abc import Iterator

import pytest

from contracts import topics
from contracts.purposes.load import REFERENCE, load_purposes
from producers.record import Record
from producers.synthetic.generator import GeneratorSettings, generate
from tests.integration.conftest import Pipeline
from tests.integration.pipeline_run import Outcome, PipelineRun

EVENTS = 12_000
SLOW_S = 0.3
DEADLINE_S = 8
DEADLINE = {"lookup": {"deadline.ms": str(DEADLINE_S * 1000), "request.timeout.ms": str(DEADLINE_S * 1000)}}


def _stream(per_second: float) -> Iterator[Record]:
    """The generated stream at a steady rate, so that the job can be killed in the middle of it."""
    began = time.monotonic()
    for number, record in enumerate(generate(GeneratorSettings(events=EVENTS, users=2_000, listings=5_000))):
        ahead = began + number / per_second - time.monotonic()
        if ahead > 0.005:
            time.sleep(ahead)
        yield record


def _send_in_background(run: PipelineRun, per_second: float = 1_500) -> threading.Thread:
    sender = threading.Thread(target=run.send, args=(_stream(per_second),))
    sender.start()
    return sender


def _wait_for_output(run: PipelineRun, records: int) -> None:
    deadline = time.monotonic() + 60
    while run.committed() < records:
        assert time.monotonic() < deadline, "the job emits nothing"
        time.sleep(0.1)


def _restored_from_state(outcome: Outcome, killed_ms: float, emitted: set[str]) -> int:
    """Number of events that were first processed before the kill and emitted after it: they waited in the state.

    Events that were in flight elsewhere are read again from Kafka, and so processed for the first time again.
    """
    return sum(event["etl_tstamp"] < killed_ms and event["event_id"] not in emitted for event in outcome.enriched)


def _assert_exactly_once(run: PipelineRun) -> Outcome:
    outcome = run.outcome(idle_s=30)
    assert outcome.balance.raw == EVENTS
    assert outcome.balance.balanced, outcome.balance
    statuses = {event[name] for event in outcome.enriched for name in ("geo_status", "user_status", "listing_status")}
    # The job was down for longer than an event's deadline, so pending events must have got a new deadline.
    assert "timeout" not in statuses
    return outcome


def _assert_in_all_purposes_or_none(run: PipelineRun) -> None:
    """While the job is down: if an event is committed for one purpose, it is committed for each of its purposes."""
    seen = run.committed_now()
    names = {event["event_id"]: event["event_name"] for event in seen[topics.ANALYTICS.name]}
    assert len(names) > 100
    consented = {event["event_id"] for event in seen[topics.ANALYTICS.name]}
    for purpose in load_purposes(REFERENCE):
        here = {event["event_id"] for event in seen[purpose.topic]}
        assert here & consented == {event_id for event_id in consented if purpose.takes(names[event_id])}, purpose.name


@pytest.mark.parametrize("parallelism", [1, 2])
def test_kill_9_of_a_task_manager(pipeline: Pipeline, parallelism: int) -> None:
    run = pipeline(DEADLINE, parallelism=parallelism)
    run.proxy.delay_s = SLOW_S
    sender = _send_in_background(run)
    _wait_for_output(run, 1_500)
    killed_ms = time.time() * 1000
    run.kill_task_managers()
    emitted = run.emitted_ids()
    time.sleep(DEADLINE_S + 1)
    if parallelism == 1:
        # With two subtasks, one's open transaction hides later records that the other one has committed.
        _assert_in_all_purposes_or_none(run)
    run.start_task_managers()
    sender.join()
    outcome = _assert_exactly_once(run)
    assert _restored_from_state(outcome, killed_ms, emitted) > 0
    assert run.restarts >= 1
    assert run.stack.flink.rest.checkpoints(run.job_id).restored >= 1


def test_savepoint_and_restart_with_another_parallelism(pipeline: Pipeline) -> None:
    run = pipeline(DEADLINE, parallelism=1)
    run.proxy.delay_s = SLOW_S
    sender = _send_in_background(run)
    _wait_for_output(run, 1_500)
    savepoint = run.stop_with_savepoint()
    run.start(parallelism=2, savepoint=savepoint)
    assert len(run.task_managers()) == 2
    sender.join()
    _assert_exactly_once(run)
