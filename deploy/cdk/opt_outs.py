"""The store of opt-outs: MemoryDB for Valkey.

MemoryDB acknowledges a write once it is in a log across several zones, so no failover loses it. ElastiCache replicates
after it acknowledges, and has no append-only file. Its own durability needs Valkey 9, which CloudFormation cannot set
up yet.
"""

import json

from aws_cdk import Fn, RemovalPolicy, SecretValue, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_memorydb as memorydb
from aws_cdk import aws_secretsmanager as secrets

from deploy.cdk.network import CACHE_PORT
from deploy.cdk.settings import Settings

ENGINE, ENGINE_VERSION, FAMILY = "valkey", "7.2", "memorydb_valkey7"
USER = "optouts"
_MAY = "on ~* &* +@all -flushall -flushdb -swapdb"
"""Everything except to empty the store."""
_COPIES, _SNAPSHOT_DAYS = 2, 35


def opt_outs_password(stack: Stack, key: kms.Key) -> secrets.Secret:
    return secrets.Secret(
        stack,
        "OptOutsPassword",
        description="Password of the store of opt-outs",
        encryption_key=key,
        generate_secret_string=secrets.SecretStringGenerator(
            secret_string_template=json.dumps({}),
            generate_string_key="password",
            exclude_punctuation=True,
            include_space=False,
            password_length=64,
        ),
    )


def opt_outs(
    stack: Stack, settings: Settings, vpc: ec2.Vpc, *, group: ec2.SecurityGroup, key: kms.Key, password: secrets.Secret
) -> memorydb.CfnCluster:
    """One shard, because its keys belong together, with a copy in each zone. It stays when the stack is deleted."""
    name = settings.named("optouts")
    subnets = memorydb.CfnSubnetGroup(
        stack,
        "OptOutsSubnets",
        subnet_group_name=name,
        subnet_ids=[subnet.subnet_id for subnet in vpc.isolated_subnets],
    )
    parameters = memorydb.CfnParameterGroup(
        stack,
        "OptOutsParameters",
        parameter_group_name=name,
        family=FAMILY,
        parameters={"maxmemory-policy": "noeviction"},
    )
    user = memorydb.CfnUser(
        stack,
        "OptOutsUser",
        user_name=settings.named(USER),
        access_string=_MAY,
        authentication_mode={
            "Type": "password",
            "Passwords": [password.secret_value_from_json("password").unsafe_unwrap()],
        },
    )
    allowed = memorydb.CfnACL(stack, "OptOutsAccess", acl_name=name, user_names=[user.ref])
    made = memorydb.CfnCluster(
        stack,
        "OptOuts",
        cluster_name=name,
        description="Who has opted out",
        engine=ENGINE,
        engine_version=ENGINE_VERSION,
        node_type=settings.opt_outs_node,
        num_shards=1,
        num_replicas_per_shard=_COPIES,
        parameter_group_name=parameters.ref,
        acl_name=allowed.ref,
        subnet_group_name=subnets.ref,
        security_group_ids=[group.security_group_id],
        port=CACHE_PORT,
        tls_enabled=True,
        kms_key_id=key.key_arn,
        snapshot_retention_limit=_SNAPSHOT_DAYS,
        auto_minor_version_upgrade=True,
    )
    made.apply_removal_policy(RemovalPolicy.RETAIN)
    return made


def opt_outs_url(
    stack: Stack, settings: Settings, key: kms.Key, password: secrets.Secret, cluster: memorydb.CfnCluster
) -> secrets.Secret:
    """Address, user and password as the one setting that the job reads."""
    login = [f"rediss://{settings.named(USER)}:", password.secret_value_from_json("password").unsafe_unwrap(), "@"]
    address = f"{cluster.attr_cluster_endpoint_address}:{CACHE_PORT}/0"
    return secrets.Secret(
        stack,
        "OptOutsUrl",
        description="privacy: suppression.redis.url of the job, and --redis-url of its commands",
        encryption_key=key,
        secret_string_value=SecretValue.unsafe_plain_text(Fn.join("", [*login, address])),
    )
