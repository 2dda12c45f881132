"""The application: what the job needs is set, it may do that and no more, and somebody hears when it fails."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from contracts.topics import LATE, RAW
from deploy.cdk.job_properties import property_groups
from deploy.cdk.scaling import definition
from deploy.cdk.settings import Settings
from deploy.job_spec import Resource
from deploy.jobs import ENRICHMENT, LAKE
from enrichment_job.config import parse
from tests.deploy.cdk.conftest import Synthesised


def _job(stacks: Synthesised) -> Any:  # noqa: ANN401 - JSON
    return stacks.application.one("AWS::KinesisAnalyticsV2::Application")


def _statements(stacks: Synthesised, role: str) -> Iterator[dict[str, Any]]:
    for name, policy in stacks.application.of("AWS::IAM::Policy").items():
        if name.startswith(role):
            yield from policy["Properties"]["PolicyDocument"]["Statement"]


def _actions(statement: dict[str, Any]) -> list[str]:
    found = statement["Action"]
    return [found] if isinstance(found, str) else list(found)


def test_the_job_itself_accepts_its_properties(stacks: Synthesised) -> None:
    groups = _job(stacks)["ApplicationConfiguration"]["EnvironmentProperties"]["PropertyGroups"]
    given = {group["PropertyGroupId"]: dict(group["PropertyMap"]) for group in groups}
    assert given.pop("kinesis.analytics.flink.run.options") == ENRICHMENT.run_options
    given["kafka"]["bootstrap.servers"] = "b-1.example:9098"  # a parameter of the stack
    assert "resolve:secretsmanager" in str(given["lookup"]["api.key"])
    given["lookup"]["api.key"] = "what the secret holds"
    assert "resolve:secretsmanager" in str(given["privacy"]["suppression.redis.url"])
    given["privacy"]["suppression.redis.url"] = "rediss://optouts:password@optouts.example:6379/0"
    assert "secretsmanager:" in str(given["privacy"]["keys.source"])
    given["privacy"]["keys.source"] = "secretsmanager:arn:aws:secretsmanager:eu-west-1:1:secret:keys"
    config = parse(given)
    assert config.kafka.security_protocol == "SASL_SSL"
    assert config.kafka.client_properties()["sasl.mechanism"] == "AWS_MSK_IAM"
    assert config.job.execution_mode == "thread"
    assert config.lookup.url == "https://lookup.clickstream.internal"


def test_no_property_is_empty_for_the_service_refuses_those(stacks: Synthesised) -> None:
    groups = _job(stacks)["ApplicationConfiguration"]["EnvironmentProperties"]["PropertyGroups"]
    assert all(text != "" for group in groups for text in group["PropertyMap"].values())


def test_properties_may_be_changed_one_by_one() -> None:
    offered: dict[Resource, str] = {"kafka": "b:9098", "lookup_url": "https://lookup.clickstream.internal"}
    groups = property_groups(ENRICHMENT, offered, {"lookup": {"deadline.ms": "900"}})
    assert groups["lookup"]["deadline.ms"] == "900"
    assert groups["lookup"]["url"] == "https://lookup.clickstream.internal"


def test_an_environment_changes_a_job_and_its_properties() -> None:
    from aws_cdk import App  # noqa: PLC0415 - it starts Node
    from aws_cdk.assertions import Template  # noqa: PLC0415

    from deploy.cdk.app import build  # noqa: PLC0415

    slow = replace(LAKE, production_profile=replace(LAKE.production_profile, checkpoint_interval_ms=600_000))
    settings = Settings(
        jobs={"lake": slow}, job_properties={"lake": {"lake": {"group.id": "another", "file.size.mb": "256"}}}
    )
    _, stacks = build(App(), settings)
    (lake,) = stacks.values()
    resources: dict[str, Any] = Template.from_stack(lake).to_json()["Resources"]
    (job,) = (r["Properties"] for r in resources.values() if r["Type"] == "AWS::KinesisAnalyticsV2::Application")
    flink = job["ApplicationConfiguration"]["FlinkApplicationConfiguration"]
    assert flink["CheckpointConfiguration"]["CheckpointInterval"] == 600_000
    groups = job["ApplicationConfiguration"]["EnvironmentProperties"]["PropertyGroups"]
    (own,) = (group["PropertyMap"] for group in groups if group["PropertyGroupId"] == "lake")
    assert own["file.size.mb"] == "256"
    assert "/another" in json.dumps(resources), "the role reads as the group that the job has"


def test_the_application_is_set_up_as_the_job_wants_it(stacks: Synthesised) -> None:
    job = _job(stacks)
    assert job["RuntimeEnvironment"] == "FLINK-2_2"
    configuration = job["ApplicationConfiguration"]
    flink = configuration["FlinkApplicationConfiguration"]
    size = Settings().size
    assert flink["CheckpointConfiguration"]["ConfigurationType"] == "CUSTOM"
    assert flink["CheckpointConfiguration"]["CheckpointingEnabled"] is True
    assert flink["MonitoringConfiguration"]["ConfigurationType"] == "CUSTOM"
    assert flink["ParallelismConfiguration"] == {
        "ConfigurationType": "CUSTOM",
        "Parallelism": size.parallelism,
        "ParallelismPerKPU": 1,
        "AutoScalingEnabled": False,
    }
    assert configuration["ApplicationSnapshotConfiguration"] == {"SnapshotsEnabled": True}
    assert configuration["ApplicationSystemRollbackConfiguration"] == {"RollbackEnabled": True}
    (vpc,) = configuration["VpcConfigurations"]
    assert len(vpc["SubnetIds"]) == 3
    assert job["RunConfiguration"]["ApplicationRestoreConfiguration"] == {
        "ApplicationRestoreType": "RESTORE_FROM_LATEST_SNAPSHOT"
    }
    assert stacks.application.one("AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption")


def test_kafka_actions_are_named_one_by_one(stacks: Synthesised) -> None:
    kafka = [s for s in _statements(stacks, "JobRole") if any("kafka" in action for action in _actions(s))]
    actions = {action for statement in kafka for action in _actions(statement)}
    assert actions == {
        "kafka-cluster:Connect",
        "kafka-cluster:DescribeCluster",
        "kafka-cluster:WriteDataIdempotently",
        "kafka-cluster:DescribeTopic",
        "kafka-cluster:ReadData",
        "kafka-cluster:WriteData",
        "kafka-cluster:DescribeGroup",
        "kafka-cluster:AlterGroup",
        "kafka-cluster:DescribeTransactionalId",
        "kafka-cluster:AlterTransactionalId",
    }
    (transactions,) = (s for s in kafka if "kafka-cluster:AlterTransactionalId" in _actions(s))
    text = json.dumps(transactions["Resource"])
    assert "transactional-id" in text
    assert "/clickstream-enrichment*" in text


def test_the_job_reads_raw_events_and_writes_its_outputs_only(stacks: Synthesised) -> None:
    statements = list(_statements(stacks, "JobRole"))

    def resources(action: str) -> str:
        (found,) = (s["Resource"] for s in statements if action in _actions(s))
        return json.dumps(found)

    assert f"/{RAW.name}" in resources("kafka-cluster:ReadData")
    written = resources("kafka-cluster:WriteData")
    assert f"/{RAW.name}" not in written
    assert all(f"/{topic.name}" in written for topic in ENRICHMENT.writes)


def test_no_policy_allows_everything(stacks: Synthesised) -> None:
    for template in (stacks.foundation, stacks.application):
        for policy in template.of("AWS::IAM::Policy").values():
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
                assert "*" not in _actions(statement)
                assert not [action for action in _actions(statement) if action.endswith(":*")]
    anywhere = [s for s in _statements(stacks, "JobRole") if s["Resource"] == "*"]
    # Describing a network knows no resources; nothing else may be anywhere.
    assert all(action.startswith("ec2:Describe") for s in anywhere for action in _actions(s))


def test_only_this_accounts_applications_may_take_the_role(stacks: Synthesised) -> None:
    role = next(r for name, r in stacks.application.of("AWS::IAM::Role").items() if name.startswith("JobRole"))
    (statement,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "kinesisanalytics.amazonaws.com"}
    assert "aws:SourceAccount" in statement["Condition"]["StringEquals"]


@pytest.mark.parametrize(
    "name",
    [
        "Restarts",
        "FailedCheckpoints",
        "LongCheckpoints",
        "ConsumerLag",
        "WatermarkLag",
        "LateShare",
        "FailedShare",
        "LookupP99",
        "LookupErrors",
        "OptOutsOld",
        "OptOutsLost",
        "OptOutsSkipped",
        "OptOutsMemory",
        "CacheHitRatio",
        "JobCpu",
        "KafkaCpu",
        "LookupCpu",
        "CacheCpu",
    ],
)
def test_somebody_hears_of_it(stacks: Synthesised, name: str) -> None:
    alarms = stacks.application.of("AWS::CloudWatch::Alarm").values()
    (alarm,) = (a["Properties"] for a in alarms if a["Properties"]["AlarmName"].endswith(f"-{name}"))
    assert alarm["AlarmActions"]
    assert alarm["AlarmDescription"]


def test_the_late_share_is_that_of_the_two_topics(stacks: Synthesised) -> None:
    alarms = stacks.application.of("AWS::CloudWatch::Alarm").values()
    (alarm,) = (a["Properties"] for a in alarms if a["Properties"]["AlarmName"].endswith("-LateShare"))
    asked = {metric["Id"]: metric for metric in alarm["Metrics"]}
    (share,) = (metric for metric in asked.values() if metric.get("ReturnData", True))
    assert (share["Expression"], alarm["Threshold"]) == ("100 * late / whole", 1)

    def topics_below(name: str) -> set[str]:
        metric = asked[name]
        if "MetricStat" in metric:
            stat = metric["MetricStat"]["Metric"]
            assert (stat["Namespace"], stat["MetricName"]) == ("AWS/Kafka", "MessagesInPerSec")
            return {dimension["Value"] for dimension in stat["Dimensions"] if dimension["Name"] == "Topic"}
        return set[str]().union(*(topics_below(each) for each in re.findall(r"[a-z]+\d+", metric["Expression"])))

    assert (topics_below("late"), topics_below("whole")) == ({LATE.name}, {RAW.name})


def test_the_dashboard_shows_what_alarms_watch(stacks: Synthesised) -> None:
    body = json.dumps(stacks.application.one("AWS::CloudWatch::Dashboard")["DashboardBody"])
    for shown in ("fullRestarts", "numberOfFailedCheckpoints", "EstimatedMaxTimeLag", "currentOutputWatermark"):
        assert shown in body


def test_scaling_stays_within_its_limits() -> None:
    settings = Settings()
    text = json.dumps(definition(settings, ENRICHMENT))
    assert f"$min([{settings.largest_parallelism(ENRICHMENT)}, $parallelism * 2])" in text
    assert f"$max([{settings.size.parallelism}, $ceil($parallelism / 2)])" in text
    states: Any = definition(settings, ENRICHMENT)["States"]
    assert states["Update"]["Arguments"]["CurrentApplicationVersionId"] == "{% $version %}"
