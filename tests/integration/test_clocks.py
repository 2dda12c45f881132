"""A producer's wrong clock does not affect the events of others, and a record without a value has an outcome."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from assurance.reconciliation.reading.topics import read_raw
from common.kafka.topic_reader import read_whole
from contracts import topics
from core.privacy.envelopes import PAYLOAD
from tests.core.samples import raw
from tests.integration.conftest import Pipeline
from tests.integration.pipeline_run import PipelineRun

MINUTE_MS = 60_000
Sent = tuple[bytes | None, int, int]
"""Value, timestamp in ms, partition."""


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _event(name: str) -> bytes:
    return raw({"event_id": f"clocks-{name}", "actor": {}, "attributes": {}})


def _send(run: PipelineRun, records: Sequence[Sent]) -> list[str]:
    """Sends each record in a request of its own. Returns the broker's error for each refused one."""
    refused: list[str] = []
    producer = Producer({"bootstrap.servers": run.stack.bootstrap_servers, "linger.ms": 0})
    for value, timestamp_ms, partition in records:
        producer.produce(
            topics.RAW.name,
            value,
            partition=partition,
            timestamp=timestamp_ms,
            on_delivery=lambda error, _: refused.append(error.name()) if error else None,
        )
        assert producer.flush(10) == 0
    return refused


def _limit_timestamps(servers: str, limit_ms: int) -> None:
    entry = ConfigEntry("message.timestamp.after.max.ms", str(limit_ms), incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topics.RAW.name, incremental_configs=[entry])
    with AdminClient({"bootstrap.servers": servers}) as admin:
        (done,) = admin.incremental_alter_configs([resource]).values()
        done.result(10)


@pytest.fixture
def without_limit(pipeline: Pipeline) -> Iterator[PipelineRun]:
    """The raw topic without a timestamp limit, which is the default of brokers before 4.0."""
    run = pipeline()
    _limit_timestamps(run.stack.bootstrap_servers, topics.NO_LIMIT_MS)
    try:
        yield run
    finally:
        _limit_timestamps(run.stack.bootstrap_servers, topics.RAW.max_ahead_ms)


def _times_written(run: PipelineRun) -> dict[str, int]:
    """Event id → Kafka timestamp of the enriched record."""
    found = read_whole(
        run.stack.bootstrap_servers, [topics.ANALYTICS.name], isolation="read_committed", start=run.output_start
    )
    return {_id(message.value() or b""): message.timestamp()[1] for message in found}


def _ahead(run: PipelineRun) -> int:
    """The job's counter of records ahead of its clock. The REST server refreshes it every few seconds."""
    with httpx.Client(base_url=run.stack.flink.rest_url, timeout=10, trust_env=False) as client:
        found = 0
        for vertex in client.get(f"/jobs/{run.job_id}").raise_for_status().json()["vertices"]:
            metrics = f"/jobs/{run.job_id}/vertices/{vertex['id']}/metrics"
            names = [each["id"] for each in client.get(metrics).json() if each["id"].endswith(".events_ahead")]
            if names:
                values = client.get(metrics, params={"get": ",".join(names)}).json()
                found += sum(int(each["value"]) for each in values)
        return found


def _id(value: bytes) -> str:
    return value.split(b'"', 4)[3].decode()


def _by_id(events: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {event["event_id"]: event for event in events}


def test_a_clock_that_is_50_minutes_fast_makes_nobody_late(without_limit: PipelineRun) -> None:
    run = without_limit
    began = _now_ms()
    assert not _send(
        run,
        [
            (_event("fast-1"), began + 50 * MINUTE_MS, 0),
            (_event("right-1"), began, 1),
            (_event("year-2100"), 4_102_444_800_000, 0),
            (_event("no-date"), 2**62, 1),
        ],
    )
    assert len(run.outcome().enriched) == 4
    time.sleep(1)  # watermarks come every 0.2 s
    followers = [(_event(f"follower-{number}"), _now_ms(), number % 2) for number in range(20)]
    assert not _send(run, followers)
    outcome = run.outcome()
    assert outcome.balance.balanced, outcome.balance
    assert (len(outcome.enriched), outcome.late, outcome.failed) == (24, [], [])
    for event_id, event in _by_id(outcome.enriched).items():
        assert began <= event["collector_tstamp"] <= event["etl_tstamp"], event_id
    assert max(_times_written(run).values()) <= _now_ms()
    deadline = time.monotonic() + 40
    while (ahead := _ahead(run)) != 3 and time.monotonic() < deadline:
        time.sleep(1)
    assert ahead == 3
    assert run.restarts == 0


def test_a_record_without_a_timestamp_gets_the_time_at_which_it_is_read(pipeline: Pipeline) -> None:
    run = pipeline()
    began = _now_ms()
    sent = [(_event("minus-1"), -1, 0), (_event("minus-5000"), -5_000, 0), (b"no event", -1, 1)]
    assert not _send(run, [*sent, (_event("right"), began, 1)])
    outcome = run.outcome()
    assert outcome.balance.balanced, outcome.balance
    assert (len(outcome.enriched), outcome.late, len(outcome.failed)) == (3, [], 1)
    for event in (*outcome.enriched, *outcome.failed):
        assert began <= event["collector_tstamp"] <= _now_ms()
    assert run.restarts == 0


def test_the_broker_refuses_a_time_further_ahead_than_the_job_tolerates(pipeline: Pipeline) -> None:
    run = pipeline()
    now = _now_ms()
    too_far = now + topics.RAW.max_ahead_ms + 10_000
    assert _send(run, [(_event("too-far"), too_far, 0)]) == ["INVALID_TIMESTAMP"]
    assert not _send(run, [(_event("far"), now + topics.RAW.max_ahead_ms - 10_000, 0), (_event("right"), now, 1)])
    assert len(run.outcome().enriched) == 2
    time.sleep(1)
    assert not _send(run, [(_event(f"follower-{number}"), _now_ms(), number % 2) for number in range(4)])
    outcome = run.outcome()
    assert outcome.balance.balanced, outcome.balance
    assert (len(outcome.enriched), outcome.late) == (6, [])


def test_in_a_backlog_a_time_as_far_ahead_as_the_broker_accepts_makes_nobody_late(pipeline: Pipeline) -> None:
    """The whole backlog is older than the job's clock, so the job cannot tell which records were ahead when written."""
    run = pipeline()
    written = _now_ms() - 120 * MINUTE_MS
    backlog = [(_event(f"backlog-{number}"), written + number * 100, number % 2) for number in range(100)]
    backlog[50:50] = [(_event(f"fast-{part}"), written + 5_000 + topics.RAW.max_ahead_ms, part) for part in (0, 1)]
    assert not _send(run, backlog[:52])
    assert len(run.outcome().enriched) == 52
    time.sleep(1)
    assert not _send(run, backlog[52:])
    outcome = run.outcome()
    assert outcome.balance.balanced, outcome.balance
    assert (len(outcome.enriched), outcome.late) == (102, [])
    assert _by_id(outcome.enriched)["clocks-fast-0"]["collector_tstamp"] == written + 5_000 + topics.RAW.max_ahead_ms


def test_an_old_log_keeps_its_times(pipeline: Pipeline) -> None:
    run = pipeline()
    march_2015 = 1_425_168_000_000
    assert not _send(run, [(_event(f"old-{number}"), march_2015 + number * 1_000, number % 2) for number in range(20)])
    outcome = run.outcome()
    assert outcome.balance.balanced, outcome.balance
    assert sorted(event["collector_tstamp"] for event in outcome.enriched) == [
        march_2015 + number * 1_000 for number in range(20)
    ]


def test_a_record_without_a_value_fails_like_an_empty_one(pipeline: Pipeline) -> None:
    run = pipeline()
    now = _now_ms()
    assert not _send(run, [(None, now, 0), (_event("sound"), now, 0), (None, now, 1), (b"", now, 1)])
    outcome = run.outcome()
    assert outcome.balance.balanced, outcome.balance
    assert outcome.balance.raw == len(read_raw(run.stack.bootstrap_servers, start=run.raw_start)) == 4
    assert [event["event_id"] for event in outcome.enriched] == ["clocks-sound"]
    assert [(row["failure"]["type"], row["payload"]["size"]) for row in outcome.failed] == [("size", 0)] * 3
    assert {run.envelopes.open(row["payload"]["envelope"], PAYLOAD) for row in outcome.failed} == {b""}
    assert run.restarts == 0
