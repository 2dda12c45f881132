"""The application features: its job accepts what it is given, and it may use its own topics and the cache."""

import json
from pathlib import Path

from applications.features.config import load
from contracts.fixed_topics import BEHAVIOUR_MESSAGES, SESSIONIZED
from contracts.fixed_topics import FEATURES as TOPIC
from contracts.topics import ALL, SECURITY
from deploy.jobs import FEATURES
from tests.deploy.cdk.conftest import Synthesised, Template


def _stack(stacks: Synthesised) -> Template:
    return stacks.jobs["features"]


def _allowed(stacks: Synthesised, action: str) -> set[str]:
    """Topics of the only statement with that action."""
    (policy,) = _stack(stacks).of("AWS::IAM::Policy").values()
    (found,) = (
        json.dumps(each["Resource"])
        for each in policy["Properties"]["PolicyDocument"]["Statement"]
        if action in each["Action"]
    )
    return {topic.name for topic in ALL if f'/{topic.name}"' in found}


def test_the_job_accepts_its_properties(stacks: Synthesised, tmp_path: Path) -> None:
    job = _stack(stacks).one("AWS::KinesisAnalyticsV2::Application")
    given = job["ApplicationConfiguration"]["EnvironmentProperties"]["PropertyGroups"]
    groups = {group["PropertyGroupId"]: group["PropertyMap"] for group in given}
    assert groups["kinesis.analytics.flink.run.options"] == FEATURES.run_options
    assert "resolve:secretsmanager" in str(groups["features"]["redis.url"])
    groups["kafka"]["bootstrap.servers"] = "b-1.example:9098"  # a parameter of the stack
    groups["features"]["redis.url"] = "rediss://:token@cache.example:6379/0"
    assert all(text != "" for keys in groups.values() for text in keys.values()), "the service refuses those"
    (tmp_path / "properties.json").write_text(json.dumps(given))
    config = load(tmp_path / "properties.json")
    assert config.kafka.sasl_mechanism == "AWS_MSK_IAM"
    assert config.features.path == "features.yaml"


def test_it_reads_and_writes_its_topics_only(stacks: Synthesised) -> None:
    # Its own topic as well: what the store has not written before a restart comes from there.
    read = {SESSIONIZED.name, SECURITY.name, BEHAVIOUR_MESSAGES.name, TOPIC.name}
    assert _allowed(stacks, "kafka-cluster:ReadData") == read
    assert _allowed(stacks, "kafka-cluster:WriteData") == {TOPIC.name}


def test_a_store_that_falls_behind_wakes_somebody(stacks: Synthesised) -> None:
    alarms = [each["Properties"]["AlarmName"] for each in _stack(stacks).of("AWS::CloudWatch::Alarm").values()]
    assert all(name.startswith("clickstream-production-features-") for name in alarms)
    assert "clickstream-production-features-StoreBehind" in alarms
