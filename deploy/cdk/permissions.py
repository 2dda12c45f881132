"""What a Flink application may do, action by action; Kafka's topics, group and transactions by name."""

from collections.abc import Iterable

from aws_cdk import Fn, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from common.flink.property_groups import Groups
from deploy.cdk.foundation import FoundationStack
from deploy.cdk.job_properties import value
from deploy.job_spec import JobSpec


def kafka_arn(cluster_arn: str, kind: str, name: str) -> str:
    """ARN of a ``topic``, ``group`` or ``transactional-id``: the cluster's, with another kind and the name behind."""
    return Fn.join("", [Fn.join(f":{kind}/", Fn.split(":cluster/", cluster_arn)), f"/{name}"])


def role(
    stack: Stack,
    foundation: FoundationStack,
    job: JobSpec,
    *,
    code_key: str,
    properties: Groups,
    bucket: s3.Bucket | None,
) -> iam.Role:
    """The execution role of a job's application; only this account's applications may take it."""
    made = iam.Role(
        stack,
        "JobRole",
        assumed_by=iam.ServicePrincipal(
            "kinesisanalytics.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": stack.account}}
        ),
    )
    for statement in (
        *_code(foundation, code_key),
        *_logs(stack, foundation),
        *_kafka(foundation.kafka.attr_arn, job, properties),
        *_resources(foundation, job, bucket),
        *_interfaces(stack, foundation, foundation.groups.jobs[job.name]),
    ):
        made.add_to_policy(statement)
    return made


def _kafka(cluster: str, job: JobSpec, properties: Groups) -> Iterable[iam.PolicyStatement]:
    """Reads and writes the topics of the job's row, as the group and with the transactions that its properties name."""
    writing = ["kafka-cluster:WriteDataIdempotently"] if job.writes else []
    yield _allow(["kafka-cluster:Connect", "kafka-cluster:DescribeCluster", *writing], [cluster])
    yield _allow(
        ["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"],
        [kafka_arn(cluster, "topic", topic.name) for topic in (*job.reads, *job.restores)],
    )
    yield _allow(
        ["kafka-cluster:DescribeGroup", "kafka-cluster:AlterGroup"],
        [kafka_arn(cluster, "group", value(properties, job.group_id))],
    )
    if job.writes:
        yield _allow(
            ["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"],
            [kafka_arn(cluster, "topic", topic.name) for topic in job.writes],
        )
    if job.transactions is not None:
        # An exactly-once sink numbers its transactions behind its prefix.
        yield _allow(
            ["kafka-cluster:DescribeTransactionalId", "kafka-cluster:AlterTransactionalId"],
            [kafka_arn(cluster, "transactional-id", f"{value(properties, job.transactions)}*")],
        )


def _resources(foundation: FoundationStack, job: JobSpec, bucket: s3.Bucket | None) -> Iterable[iam.PolicyStatement]:
    if "privacy_keys" in job.resources:
        yield _allow(["secretsmanager:GetSecretValue"], [foundation.privacy_keys.secret_arn])
    if bucket is not None:
        yield _allow(["s3:ListBucket", "s3:ListBucketMultipartUploads"], [bucket.bucket_arn])
        objects = ["GetObject", "PutObject", "DeleteObject", "AbortMultipartUpload", "ListMultipartUploadParts"]
        yield _allow([f"s3:{action}" for action in objects], [bucket.arn_for_objects("*")])
        yield _allow(["kms:GenerateDataKey"], [foundation.data_key.key_arn])


def _allow(actions: Iterable[str], resources: Iterable[str], **conditions: object) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        actions=list(actions), resources=list(resources), conditions=dict(conditions) if conditions else None
    )


def _code(foundation: FoundationStack, code_key: str) -> Iterable[iam.PolicyStatement]:
    yield _allow(["s3:GetObject", "s3:GetObjectVersion"], [foundation.archives.arn_for_objects(code_key)])
    yield _allow(["kms:Decrypt"], [foundation.data_key.key_arn])


def _logs(stack: Stack, foundation: FoundationStack) -> Iterable[iam.PolicyStatement]:
    yield _allow(["logs:PutLogEvents", "logs:DescribeLogStreams"], [foundation.job_log.log_group_arn])
    yield _allow(["logs:DescribeLogGroups"], [f"arn:{stack.partition}:logs:{stack.region}:{stack.account}:log-group:*"])


def _interfaces(stack: Stack, foundation: FoundationStack, group: ec2.SecurityGroup) -> Iterable[iam.PolicyStatement]:
    # What the service needs in order to be in the VPC. The actions that describe cannot be limited to resources.
    yield _allow(
        [
            "ec2:DescribeVpcs",
            "ec2:DescribeSubnets",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeDhcpOptions",
            "ec2:DescribeNetworkInterfaces",
        ],
        ["*"],
    )
    arn = f"arn:{stack.partition}:ec2:{stack.region}:{stack.account}"
    subnets: list[ec2.ISubnet] = foundation.vpc.isolated_subnets
    yield _allow(
        ["ec2:CreateNetworkInterface"],
        [
            f"{arn}:network-interface/*",
            f"{arn}:security-group/{group.security_group_id}",
            *(f"{arn}:subnet/{subnet.subnet_id}" for subnet in subnets),
        ],
    )
    yield _allow(["ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterface"], [f"{arn}:network-interface/*"])
