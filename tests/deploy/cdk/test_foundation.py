"""The foundation: nothing public, everything encrypted, TLS and IAM."""

from collections import Counter
from typing import Any

import pytest

from deploy.cdk.settings import Settings
from deploy.job_spec import Resource
from deploy.jobs import JOBS
from tests.deploy.cdk.conftest import Synthesised

SIZE = Settings().size


def test_there_is_no_way_to_or_from_the_internet(stacks: Synthesised) -> None:
    kinds = {resource["Type"] for resource in stacks.foundation.body["Resources"].values()}
    assert kinds.isdisjoint({"AWS::EC2::InternetGateway", "AWS::EC2::NatGateway", "AWS::EC2::EIP"})
    assert len(stacks.foundation.of("AWS::EC2::Subnet")) == 3
    for subnet in stacks.foundation.of("AWS::EC2::Subnet").values():
        assert subnet["Properties"]["MapPublicIpOnLaunch"] is False
    assert stacks.foundation.one("AWS::ElasticLoadBalancingV2::LoadBalancer")["Scheme"] == "internal"
    network = stacks.foundation.one("AWS::ECS::Service")["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert network["AssignPublicIp"] == "DISABLED"


def test_only_named_groups_may_come_in(stacks: Synthesised) -> None:
    for group in stacks.foundation.of("AWS::EC2::SecurityGroup").values():
        assert "SecurityGroupIngress" not in group["Properties"]
    rules = [rule["Properties"] for rule in stacks.foundation.of("AWS::EC2::SecurityGroupIngress").values()]
    assert all("SourceSecurityGroupId" in rule and "CidrIp" not in rule for rule in rules)
    ports = Counter(rule["FromPort"] for rule in rules)
    kafka, lookups, opt_outs = _needing("kafka"), _needing("lookup_url"), _needing("opt_outs_url")
    # On one port: each job and the lookup service reach the endpoints, a job that looks up reaches the balancer. On
    # another: the lookup service and a job that writes for it reach the cache, a job its opt-outs.
    caches = _needing("cache_url")
    assert ports == {443: len(JOBS) + 1 + lookups, 6379: 1 + opt_outs + caches, 8080: 1, 9098: kafka}
    assert (len(JOBS), kafka, lookups, opt_outs) >= (2, 2, 1, 1)


def test_kafka_takes_iam_over_tls_and_nothing_else(stacks: Synthesised) -> None:
    kafka = stacks.foundation.one("AWS::MSK::Cluster")
    assert kafka["ClientAuthentication"] == {
        "Sasl": {"Iam": {"Enabled": True}, "Scram": {"Enabled": False}},
        "Tls": {"Enabled": False},
        "Unauthenticated": {"Enabled": False},
    }
    encryption = kafka["EncryptionInfo"]
    assert encryption["EncryptionInTransit"] == {"ClientBroker": "TLS", "InCluster": True}
    assert encryption["EncryptionAtRest"]["DataVolumeKMSKeyId"]
    assert kafka["BrokerNodeGroupInfo"]["ConnectivityInfo"] == {"PublicAccess": {"Type": "DISABLED"}}
    assert kafka["NumberOfBrokerNodes"] == SIZE.brokers
    assert kafka["NumberOfBrokerNodes"] % 3 == 0


def test_an_outage_shorter_than_a_transaction_loses_nothing(stacks: Synthesised) -> None:
    lines = stacks.foundation.one("AWS::MSK::Configuration")["ServerProperties"].splitlines()
    server = dict(line.split("=") for line in lines)
    assert server["auto.create.topics.enable"] == "false"
    assert server["min.insync.replicas"] == "2"
    assert server["unclean.leader.election.enable"] == "false"
    job = _property_group(stacks, "sink")
    assert int(server["transaction.max.timeout.ms"]) >= int(job["transaction.timeout.ms"])


def test_the_cache_has_tls_auth_and_a_copy_in_each_zone(stacks: Synthesised) -> None:
    cache = stacks.foundation.one("AWS::ElastiCache::ReplicationGroup")
    assert (cache["Engine"], cache["TransitEncryptionEnabled"], cache["TransitEncryptionMode"]) == (
        "valkey",
        True,
        "required",
    )
    assert cache["AtRestEncryptionEnabled"] is True
    assert cache["KmsKeyId"]
    assert "resolve:secretsmanager" in str(cache["AuthToken"])
    assert (cache["MultiAZEnabled"], cache["AutomaticFailoverEnabled"]) == (True, True)
    assert cache["NumNodeGroups"] * (cache["ReplicasPerNodeGroup"] + 1) == SIZE.cache_nodes


def test_opt_outs_have_a_durable_store_of_their_own(stacks: Synthesised) -> None:
    store = stacks.foundation.one("AWS::MemoryDB::Cluster")
    assert (store["TLSEnabled"], store["NumShards"]) == (True, 1)
    assert store["NumReplicasPerShard"] == len(stacks.foundation.of("AWS::EC2::Subnet")) - 1
    assert store["KmsKeyId"]
    assert store["SnapshotRetentionLimit"] > 0
    parameters = stacks.foundation.one("AWS::MemoryDB::ParameterGroup")
    assert parameters["Parameters"] == {"maxmemory-policy": "noeviction"}
    user = stacks.foundation.one("AWS::MemoryDB::User")
    assert "-flushall" in user["AccessString"]
    assert "resolve:secretsmanager" in str(user["AuthenticationMode"]["Passwords"])
    (resource,) = stacks.foundation.of("AWS::MemoryDB::Cluster").values()
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_a_job_reaches_the_opt_outs_or_the_cache_as_its_row_says(stacks: Synthesised) -> None:
    rules = [rule["Properties"] for rule in stacks.foundation.of("AWS::EC2::SecurityGroupIngress").values()]
    redis = {
        (str(rule["SourceSecurityGroupId"]).split("'")[3][:4], str(rule["GroupId"]).split("'")[3][:4])
        for rule in rules
        if rule["FromPort"] == 6379
    }
    assert redis == {
        ("JobG", "OptO"),
        ("Beha", "OptO"),
        ("Look", "Cach"),
        ("Acco", "Cach"),
        ("Beha", "Cach"),
        ("Feat", "Cach"),
    }


def test_lookups_go_over_tls_and_stay_in_their_zone(stacks: Synthesised) -> None:
    listener = stacks.foundation.one("AWS::ElasticLoadBalancingV2::Listener")
    assert (listener["Protocol"], listener["Port"]) == ("HTTPS", 443)
    assert listener["Certificates"]
    attributes = stacks.foundation.one("AWS::ElasticLoadBalancingV2::TargetGroup")["TargetGroupAttributes"]
    assert {"Key": "load_balancing.cross_zone.enabled", "Value": "false"} in attributes


def test_the_balancer_asks_whether_a_task_lives_not_whether_its_sources_do(stacks: Synthesised) -> None:
    assert stacks.foundation.one("AWS::ElasticLoadBalancingV2::TargetGroup")["HealthCheckPath"] == "/healthz"
    (container,) = stacks.foundation.one("AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    assert "/healthz" in str(container["HealthCheck"]["Command"])


def test_the_job_s_key_is_good_for_lookups_alone_and_readers_have_one_of_their_own(stacks: Synthesised) -> None:
    (keys,) = (
        secret["Properties"]["SecretString"]
        for secret in stacks.foundation.of("AWS::SecretsManager::Secret").values()
        if secret["Properties"].get("Description", "").startswith("LOOKUP_API_KEYS")
    )
    _, (begin, *_, end) = keys["Fn::Join"]
    assert begin.startswith("job:{{resolve:secretsmanager:")
    texts = [part for part in keys["Fn::Join"][1] if isinstance(part, str)]
    assert any(":lookup,readers:{{resolve:secretsmanager:" in part for part in texts)
    assert end.endswith("}}:features+score+risk")


def test_a_task_writes_nowhere_but_tmp_and_gets_its_password_as_a_secret(stacks: Synthesised) -> None:
    (container,) = stacks.foundation.one("AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    assert container["ReadonlyRootFilesystem"] is True
    assert {secret["Name"] for secret in container["Secrets"]} == {"LOOKUP_REDIS_URL", "LOOKUP_API_KEYS"}
    assert not any(word in str(container["Environment"]) for word in ("REDIS", "API_KEY", "resolve:"))
    assert stacks.foundation.one("AWS::ECS::Service")["DesiredCount"] == SIZE.lookup_tasks


def test_the_bucket_is_closed_versioned_and_encrypted(stacks: Synthesised) -> None:
    bucket = stacks.foundation.one("AWS::S3::Bucket")
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    denied = stacks.foundation.one("AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"]
    assert any(
        statement["Effect"] == "Deny" and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        for statement in denied
    )


@pytest.mark.parametrize(
    ("kind", "setting"), [("AWS::Logs::LogGroup", "KmsKeyId"), ("AWS::SecretsManager::Secret", "KmsKeyId")]
)
def test_what_is_kept_is_encrypted_with_own_keys(stacks: Synthesised, kind: str, setting: str) -> None:
    own = {
        name: resource["Properties"]
        for name, resource in stacks.foundation.of(kind).items()
        if not name.startswith("Network")  # rejected connections: addresses inside this network, and no more
    }
    assert own
    assert all(setting in properties for properties in own.values()), own


def test_keys_rotate(stacks: Synthesised) -> None:
    keys = stacks.foundation.of("AWS::KMS::Key").values()
    assert [key["Properties"]["EnableKeyRotation"] for key in keys] == [True, True]


def _needing(resource: Resource) -> int:
    return sum(resource in job.resources for job in JOBS.values())


def _property_group(stacks: Synthesised, name: str) -> dict[str, Any]:
    job = stacks.application.one("AWS::KinesisAnalyticsV2::Application")["ApplicationConfiguration"]
    groups = job["EnvironmentProperties"]["PropertyGroups"]
    (found,) = (group["PropertyMap"] for group in groups if group["PropertyGroupId"] == name)
    return dict(found)
