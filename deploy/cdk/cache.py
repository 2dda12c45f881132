"""ElastiCache for Valkey: TLS and AUTH, and a copy in each zone."""

import json

from aws_cdk import Fn, SecretValue, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticache as elasticache
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secrets

from deploy.cdk.network import CACHE_PORT
from deploy.cdk.settings import Settings

ENGINE, ENGINE_VERSION, PARAMETERS = "valkey", "8.0", "default.valkey8"


def cache_token(stack: Stack, key: kms.Key) -> secrets.Secret:
    """The password; rotate it as docs/operations/aws.md says."""
    return secrets.Secret(
        stack,
        "CacheToken",
        description="AUTH token of the cache",
        encryption_key=key,
        generate_secret_string=secrets.SecretStringGenerator(
            secret_string_template=json.dumps({}),
            generate_string_key="token",
            # Characters that ElastiCache accepts and that need no encoding in a URL.
            exclude_punctuation=True,
            include_space=False,
            password_length=64,
        ),
    )


def cache(
    stack: Stack, settings: Settings, vpc: ec2.Vpc, *, group: ec2.SecurityGroup, key: kms.Key, token: secrets.Secret
) -> elasticache.CfnReplicationGroup:
    subnets = elasticache.CfnSubnetGroup(
        stack,
        "CacheSubnets",
        description="The zones of the cache",
        subnet_ids=[subnet.subnet_id for subnet in vpc.isolated_subnets],
    )
    shards = settings.size.cache_shards
    return elasticache.CfnReplicationGroup(
        stack,
        "Cache",
        replication_group_description="Profiles and cached answers of the lookup service",
        engine=ENGINE,
        engine_version=ENGINE_VERSION,
        cache_parameter_group_name=PARAMETERS,
        cache_node_type=settings.size.cache_node,
        num_node_groups=shards,
        replicas_per_node_group=settings.size.cache_nodes // shards - 1,
        automatic_failover_enabled=True,
        multi_az_enabled=True,
        port=CACHE_PORT,
        cache_subnet_group_name=subnets.ref,
        security_group_ids=[group.security_group_id],
        at_rest_encryption_enabled=True,
        kms_key_id=key.key_arn,
        transit_encryption_enabled=True,
        transit_encryption_mode="required",
        auth_token=token.secret_value_from_json("token").unsafe_unwrap(),
        snapshot_retention_limit=3,
        auto_minor_version_upgrade=True,
    )


def cache_url(
    stack: Stack, key: kms.Key, token: secrets.Secret, replication: elasticache.CfnReplicationGroup
) -> secrets.Secret:
    """Address and password as the one setting that the lookup service reads; the scheme says TLS."""
    parts = ["rediss://:", token.secret_value_from_json("token").unsafe_unwrap(), "@"]
    address = f"{replication.attr_primary_end_point_address}:{CACHE_PORT}/0"
    return secrets.Secret(
        stack,
        "CacheUrl",
        description="LOOKUP_REDIS_URL of the lookup service",
        encryption_key=key,
        secret_string_value=SecretValue.unsafe_plain_text(Fn.join("", [*parts, address])),
    )
