"""What the Flink application may do, action by action; Kafka's topics, group and transactions by name."""

from collections.abc import Iterable

from aws_cdk import Fn, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from contracts.topics import ALL, RAW
from deploy.cdk.foundation import FoundationStack


def kafka_arn(cluster_arn: str, kind: str, name: str) -> str:
    """ARN of a ``topic``, ``group`` or ``transactional-id``: the cluster's, with another kind and the name behind."""
    return Fn.join("", [Fn.join(f":{kind}/", Fn.split(":cluster/", cluster_arn)), f"/{name}"])


def role(
    stack: Stack,
    foundation: FoundationStack,
    *,
    code_key: str,
    group: ec2.SecurityGroup,
    own: Iterable[iam.PolicyStatement],
) -> iam.Role:
    """An application's execution role; only this account's applications may take it. ``own``: what its job does."""
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
        *own,
        *_interfaces(stack, foundation, group),
    ):
        made.add_to_policy(statement)
    return made


def enrichment(foundation: FoundationStack, *, group_id: str, transactions: str) -> Iterable[iam.PolicyStatement]:
    """Reads raw events, writes all other topics exactly once, and reads the key ring."""
    cluster = foundation.kafka.attr_arn
    outputs = [topic.name for topic in ALL if topic != RAW]
    yield _allow(
        ["kafka-cluster:Connect", "kafka-cluster:DescribeCluster", "kafka-cluster:WriteDataIdempotently"], [cluster]
    )
    yield from _reading(cluster, [RAW.name], group_id)
    yield _allow(
        ["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"],
        [kafka_arn(cluster, "topic", name) for name in outputs],
    )
    # Exactly-once: the sink's transactions, numbered behind its prefix.
    yield _allow(
        ["kafka-cluster:DescribeTransactionalId", "kafka-cluster:AlterTransactionalId"],
        [kafka_arn(cluster, "transactional-id", f"{transactions}*")],
    )
    yield _allow(["secretsmanager:GetSecretValue"], [foundation.privacy_keys.secret_arn])


def lake(
    foundation: FoundationStack, bucket: s3.Bucket, *, topics: Iterable[str], group_id: str
) -> Iterable[iam.PolicyStatement]:
    """Reads enriched topics and writes the bucket's objects; the data key is granted beside it."""
    cluster = foundation.kafka.attr_arn
    yield _allow(["kafka-cluster:Connect", "kafka-cluster:DescribeCluster"], [cluster])
    yield from _reading(cluster, topics, group_id)
    yield _allow(["s3:ListBucket", "s3:ListBucketMultipartUploads"], [bucket.bucket_arn])
    yield _allow(
        ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
        [bucket.arn_for_objects("*")],
    )
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


def _reading(cluster: str, topics: Iterable[str], group_id: str) -> Iterable[iam.PolicyStatement]:
    yield _allow(
        ["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"],
        [kafka_arn(cluster, "topic", name) for name in topics],
    )
    yield _allow(["kafka-cluster:DescribeGroup", "kafka-cluster:AlterGroup"], [kafka_arn(cluster, "group", group_id)])


def _interfaces(stack: Stack, foundation: FoundationStack, group: ec2.SecurityGroup) -> Iterable[iam.PolicyStatement]:
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
            f"{arn}:security-group/{group.security_group_id}",
            *(f"{arn}:subnet/{subnet.subnet_id}" for subnet in subnets),
        ],
    )
    yield _allow(["ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterface"], [f"{arn}:network-interface/*"])
