"""What the Flink application may do, action by action; Kafka's topics, group and transactions by name."""

from collections.abc import Iterable

from aws_cdk import Fn, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam

from contracts.topics import ALL, RAW
from deploy.cdk.foundation import FoundationStack


def kafka_arn(cluster_arn: str, kind: str, name: str) -> str:
    """ARN of a ``topic``, ``group`` or ``transactional-id``: the cluster's, with another kind and the name behind."""
    return Fn.join("", [Fn.join(f":{kind}/", Fn.split(":cluster/", cluster_arn)), f"/{name}"])


def role(stack: Stack, foundation: FoundationStack, *, code_key: str, group_id: str, transactions: str) -> iam.Role:
    """The application's execution role; only this account's applications may take it."""
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
        *_kafka(foundation.kafka.attr_arn, group_id, transactions),
        *_interfaces(stack, foundation),
        _allow(["secretsmanager:GetSecretValue"], [foundation.privacy_keys.secret_arn]),
    ):
        made.add_to_policy(statement)
    return made


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


def _kafka(cluster: str, group_id: str, transactions: str) -> Iterable[iam.PolicyStatement]:
    outputs = [topic.name for topic in ALL if topic != RAW]
    yield _allow(
        ["kafka-cluster:Connect", "kafka-cluster:DescribeCluster", "kafka-cluster:WriteDataIdempotently"], [cluster]
    )
    yield _allow(["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"], [kafka_arn(cluster, "topic", RAW.name)])
    yield _allow(
        ["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"],
        [kafka_arn(cluster, "topic", name) for name in outputs],
    )
    yield _allow(["kafka-cluster:DescribeGroup", "kafka-cluster:AlterGroup"], [kafka_arn(cluster, "group", group_id)])
    # Exactly-once: the sink's transactions, numbered behind its prefix.
    yield _allow(
        ["kafka-cluster:DescribeTransactionalId", "kafka-cluster:AlterTransactionalId"],
        [kafka_arn(cluster, "transactional-id", f"{transactions}*")],
    )


def _interfaces(stack: Stack, foundation: FoundationStack) -> Iterable[iam.PolicyStatement]:
    # What the service needs to be in the VPC; the describing actions know no resources.
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
            f"{arn}:security-group/{foundation.groups.job.security_group_id}",
            *(f"{arn}:subnet/{subnet.subnet_id}" for subnet in subnets),
        ],
    )
    yield _allow(["ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterface"], [f"{arn}:network-interface/*"])
