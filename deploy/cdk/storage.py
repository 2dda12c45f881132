"""Keys, buckets and log groups."""

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secrets

from deploy.cdk.settings import Settings


def data_key(stack: Stack, settings: Settings) -> kms.Key:
    return kms.Key(
        stack,
        "DataKey",
        alias=settings.named("data"),
        description="Events, secrets and archives at rest",
        enable_key_rotation=True,
        removal_policy=RemovalPolicy.RETAIN,
    )


def privacy_keys(stack: Stack, key: kms.Key) -> secrets.Secret:
    """Empty of keys until somebody puts a key ring in (docs/operations/aws.md): without one the job does not start."""
    return secrets.Secret(
        stack,
        "PrivacyKeys",
        description="Key ring of pseudonyms and envelopes",
        encryption_key=key,
        removal_policy=RemovalPolicy.RETAIN,
    )


def log_key(stack: Stack, settings: Settings) -> kms.Key:
    """A key for logs alone: CloudWatch Logs may use it for this account's log groups, but not the data's key."""
    key = kms.Key(
        stack,
        "LogKey",
        alias=settings.named("logs"),
        description="Logs at rest",
        enable_key_rotation=True,
        removal_policy=RemovalPolicy.RETAIN,
    )
    key.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal(f"logs.{stack.region}.amazonaws.com")],
            actions=["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
            resources=["*"],
            conditions={
                "ArnLike": {
                    "kms:EncryptionContext:aws:logs:arn": f"arn:{stack.partition}:logs:{stack.region}:{stack.account}:*"
                }
            },
        )
    )
    return key


def archives(stack: Stack, key: kms.Key) -> s3.Bucket:
    """Versioned, so that an application can go back to the archive it came from."""
    rule = s3.LifecycleRule(noncurrent_version_expiration=Duration.days(90))
    return _bucket(stack, "Archives", key, rule, versioned=True)


def store(stack: Stack, name: str, key: kms.Key) -> s3.Bucket:
    """A job's own bucket. Not versioned: the lake's files are written once, and compaction replaces them for good."""
    # Uploads that killed tasks left. Not sooner: a snapshot may hold an upload that its job has yet to complete.
    rule = s3.LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(7))
    return _bucket(stack, name, key, rule)


def _bucket(
    stack: Stack, name: str, key: kms.Key, rule: s3.LifecycleRule, *, versioned: bool | None = None
) -> s3.Bucket:
    """Encrypted under the key, never public, reached over TLS only, and kept when the stack is deleted."""
    return s3.Bucket(
        stack,
        name,
        encryption=s3.BucketEncryption.KMS,
        encryption_key=key,
        bucket_key_enabled=True,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        enforce_ssl=True,
        versioned=versioned,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        lifecycle_rules=[rule],
        removal_policy=RemovalPolicy.RETAIN,
    )


def log_group(stack: Stack, name: str, key: kms.Key) -> logs.LogGroup:
    return logs.LogGroup(
        stack,
        name,
        encryption_key=key,
        retention=logs.RetentionDays.ONE_MONTH,
        removal_policy=RemovalPolicy.RETAIN,
    )
