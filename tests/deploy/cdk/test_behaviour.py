"""The behaviour job's application: its job accepts what it is given, and it may use its own topics only."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from applications.behaviour.config import load
from contracts.topics import ALL, BEHAVIOUR_EVENTS
from deploy.jobs import BEHAVIOUR
from tests.deploy.cdk.conftest import Synthesised


def _configuration(stacks: Synthesised) -> dict[str, Any]:
    job = stacks.behaviour.one("AWS::KinesisAnalyticsV2::Application")
    return job["ApplicationConfiguration"]  # type: ignore[no-any-return]


def _allowed(stacks: Synthesised, action: str) -> str:
    """The resources of the only statement with that action."""
    (policy,) = stacks.behaviour.of("AWS::IAM::Policy").values()
    (found,) = (
        each["Resource"] for each in policy["Properties"]["PolicyDocument"]["Statement"] if action in each["Action"]
    )
    return json.dumps(found)


def test_the_job_accepts_its_properties(stacks: Synthesised, tmp_path: Path) -> None:
    given = _configuration(stacks)["EnvironmentProperties"]["PropertyGroups"]
    groups = {group["PropertyGroupId"]: group["PropertyMap"] for group in given}
    assert groups["kinesis.analytics.flink.run.options"] == BEHAVIOUR.run_options
    groups["kafka"]["bootstrap.servers"] = "b-1.example:9098"  # a parameter of the stack
    assert "resolve:secretsmanager" in str(groups["privacy"]["suppression.redis.url"])
    groups["privacy"]["suppression.redis.url"] = "rediss://optouts:password@optouts.example:6379/0"
    assert "resolve:secretsmanager" in str(groups["features"]["redis.url"])
    groups["features"]["redis.url"] = "rediss://:token@cache.example:6379/0"
    assert all(text != "" for keys in groups.values() for text in keys.values()), "the service refuses those"
    (tmp_path / "properties.json").write_text(json.dumps(given))
    config = load(tmp_path / "properties.json")
    assert config.kafka.security_protocol == "SASL_SSL"
    assert config.sessions.midnight_zone == ""
    assert config.privacy.suppression_redis_url


def test_a_commit_adds_a_second_to_what_a_committed_reader_waits(stacks: Synthesised) -> None:
    flink = _configuration(stacks)["FlinkApplicationConfiguration"]
    assert flink["CheckpointConfiguration"]["CheckpointInterval"] == 1_000
    assert flink["ParallelismConfiguration"]["ParallelismPerKPU"] == 1


def test_it_reads_and_writes_its_topics_only(stacks: Synthesised) -> None:
    read, written = (_allowed(stacks, f"kafka-cluster:{each}Data") for each in ("Read", "Write"))
    own = {f'/{topic.name}"' for topic in BEHAVIOUR.writes}
    assert {each for each in _names() if each in written} == own
    # What one visitor's state tells another's goes through a topic, and the store is restored from one.
    again = {'/clickstream.behaviour.messages.v1"', '/clickstream.features.v1"'}
    assert {each for each in _names() if each in read} == {f'/{BEHAVIOUR_EVENTS.name}"', *again}
    assert "/clickstream-behaviour*" in _allowed(stacks, "kafka-cluster:AlterTransactionalId")
    assert '/clickstream-behaviour"' in _allowed(stacks, "kafka-cluster:AlterGroup")


def _names() -> Iterator[str]:
    """As a topic's ARN ends."""
    return (f'/{topic.name}"' for topic in ALL)


def test_its_alarms_are_its_own(stacks: Synthesised) -> None:
    alarms = [each["Properties"] for each in stacks.behaviour.of("AWS::CloudWatch::Alarm").values()]
    assert all(each["AlarmName"].startswith("clickstream-production-behaviour-") for each in alarms)
    names = {each["AlarmName"].rpartition("-")[2] for each in alarms}
    assert {"Restarts", "Down", "FailedCheckpoints", "ConsumerLag", "WatermarkLag", "TooLateShare"} <= names
    # They are of figures that this job does not have.
    assert not names & {"LateShare", "FailedShare", "LookupP99", "OptOutsOld"}


def test_the_lag_is_that_of_events_and_messages(stacks: Synthesised) -> None:
    (lag,) = _metrics(stacks, "ConsumerLag")
    assert lag == {BEHAVIOUR_EVENTS.name, "clickstream.behaviour.messages.v1"}


def test_what_is_too_late_is_compared_with_what_has_a_session(stacks: Synthesised) -> None:
    (share,) = _metrics(stacks, "TooLateShare")
    assert share == {"clickstream.sessions.late.v1", "clickstream.sessionized.v1"}


def _metrics(stacks: Synthesised, name: str) -> Iterator[set[str]]:
    """The topics of an alarm's metrics."""
    for alarm in stacks.behaviour.of("AWS::CloudWatch::Alarm").values():
        if alarm["Properties"]["AlarmName"].endswith(f"-{name}"):
            dimensions = [
                each
                for metric in alarm["Properties"]["Metrics"]
                if "MetricStat" in metric
                for each in metric["MetricStat"]["Metric"]["Dimensions"]
            ]
            yield {each["Value"] for each in dimensions if each["Name"] == "Topic"}
