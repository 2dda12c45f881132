"""The application account_security: its job accepts what it is given, and it may use its own topics and the cache."""

import json
from pathlib import Path
from typing import Any

from applications.account_security.config import load
from contracts.fixed_topics import LABELS, RULES, VERDICTS
from contracts.topics import ALL, SECURITY
from deploy.jobs import ACCOUNT_SECURITY
from tests.deploy.cdk.conftest import Synthesised, Template


def _stack(stacks: Synthesised) -> Template:
    return stacks.jobs["account_security"]


def _configuration(stacks: Synthesised) -> dict[str, Any]:
    job = _stack(stacks).one("AWS::KinesisAnalyticsV2::Application")
    return job["ApplicationConfiguration"]  # type: ignore[no-any-return]


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
    given = _configuration(stacks)["EnvironmentProperties"]["PropertyGroups"]
    groups = {group["PropertyGroupId"]: group["PropertyMap"] for group in given}
    assert groups["kinesis.analytics.flink.run.options"] == ACCOUNT_SECURITY.run_options
    assert "resolve:secretsmanager" in str(groups["risk"]["redis.url"])
    groups["kafka"]["bootstrap.servers"] = "b-1.example:9098"  # a parameter of the stack
    groups["risk"]["redis.url"] = "rediss://:token@cache.example:6379/0"
    assert all(text != "" for keys in groups.values() for text in keys.values()), "the service refuses those"
    (tmp_path / "properties.json").write_text(json.dumps(given))
    config = load(tmp_path / "properties.json")
    assert config.kafka.sasl_mechanism == "AWS_MSK_IAM"
    assert config.rules.path == "rules"


def test_it_reads_and_writes_its_topics_only(stacks: Synthesised) -> None:
    assert _allowed(stacks, "kafka-cluster:ReadData") == {SECURITY.name, LABELS.name, RULES.name}
    assert _allowed(stacks, "kafka-cluster:WriteData") == {VERDICTS.name}


def test_its_names_are_its_own(stacks: Synthesised) -> None:
    alarms = [each["Properties"]["AlarmName"] for each in _stack(stacks).of("AWS::CloudWatch::Alarm").values()]
    assert all(name.startswith("clickstream-production-account_security-") for name in alarms)
