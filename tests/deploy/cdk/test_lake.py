"""The lake's application: its job accepts what it is given, and it reads enriched topics and writes its bucket only."""

import json
from pathlib import Path
from typing import Any

from contracts.fixed_topics import SESSIONS
from contracts.topics import ALL, ANALYTICS, BEHAVIOUR_EVENTS, PERSONALIZATION, SECURITY
from deploy.jobs import LAKE
from lake.config import load
from tests.deploy.cdk.conftest import Synthesised


def _configuration(stacks: Synthesised) -> dict[str, Any]:
    job = stacks.lake.one("AWS::KinesisAnalyticsV2::Application")
    return job["ApplicationConfiguration"]  # type: ignore[no-any-return]


def test_the_job_accepts_its_properties(stacks: Synthesised, tmp_path: Path) -> None:
    given = _configuration(stacks)["EnvironmentProperties"]["PropertyGroups"]
    groups = {group["PropertyGroupId"]: group["PropertyMap"] for group in given}
    assert groups["kinesis.analytics.flink.run.options"] == LAKE.run_options
    groups["kafka"]["bootstrap.servers"] = "b-1.example:9098"  # a parameter of the stack
    prefix, bucket, suffix = groups["lake"]["path"]["Fn::Join"][1]
    assert bucket["Ref"] in stacks.lake.of("AWS::S3::Bucket")
    groups["lake"]["path"] = f"{prefix}bucket{suffix}"
    (tmp_path / "properties.json").write_text(json.dumps(given))
    config = load(tmp_path / "properties.json")
    assert config.lake.path == "s3://bucket/lake"
    assert config.kafka.security_protocol == "SASL_SSL"
    assert (config.lake.purposes, config.lake.sessions) == ("analytics,security,personalization", False)


def test_its_checkpoints_make_files_of_a_size(stacks: Synthesised) -> None:
    flink = _configuration(stacks)["FlinkApplicationConfiguration"]
    assert flink["CheckpointConfiguration"]["CheckpointInterval"] == 300_000


def test_it_reads_enriched_topics_and_sessions_and_writes_none(stacks: Synthesised) -> None:
    (policy,) = stacks.lake.of("AWS::IAM::Policy").values()
    statements = policy["Properties"]["PolicyDocument"]["Statement"]
    actions = {action for each in statements for action in _listed(each["Action"])}
    assert not actions & {"kafka-cluster:WriteData", "kafka-cluster:AlterTransactionalId", "*", "s3:*"}
    (read,) = (json.dumps(each["Resource"]) for each in statements if "kafka-cluster:ReadData" in each["Action"])
    readable = [topic for topic in ALL if f"/{topic.name}" in read]
    assert set(readable) == {ANALYTICS, SECURITY, PERSONALIZATION, BEHAVIOUR_EVENTS, SESSIONS}
    (written,) = (json.dumps(each["Resource"]) for each in statements if "s3:PutObject" in each["Action"])
    (bucket,) = stacks.lake.of("AWS::S3::Bucket")
    assert bucket in written


def test_the_bucket_is_closed_encrypted_and_ends_uploads_of_killed_tasks(stacks: Synthesised) -> None:
    bucket = stacks.lake.one("AWS::S3::Bucket")
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["BucketEncryption"]
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
