"""MSK: clients need IAM and TLS, and the brokers have the defaults that exactly-once needs."""

from aws_cdk import Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_msk as msk

from deploy.cdk.settings import Settings

KAFKA_VERSION = "3.9.x.kraft"

SERVER_PROPERTIES = """\
auto.create.topics.enable=false
default.replication.factor=3
min.insync.replicas=2
message.max.bytes=4194304
unclean.leader.election.enable=false
transaction.max.timeout.ms=900000
transactional.id.expiration.ms=604800000
"""
"""``transaction.max.timeout.ms`` is above the sink's ``transaction.timeout.ms``: an outage of the job that is shorter
loses nothing. How far a timestamp may be ahead is a setting of each topic (``deploy.topics``), because the raw topic's
limit differs from the others'. Without it Kafka 3.9 has no limit."""


def brokers(
    stack: Stack, settings: Settings, vpc: ec2.Vpc, *, group: ec2.SecurityGroup, key: kms.Key, log: logs.LogGroup
) -> msk.CfnCluster:
    configuration = msk.CfnConfiguration(
        stack, "KafkaConfiguration", name=settings.named("kafka"), server_properties=SERVER_PROPERTIES
    )
    return msk.CfnCluster(
        stack,
        "Kafka",
        cluster_name=settings.named("kafka"),
        kafka_version=KAFKA_VERSION,
        number_of_broker_nodes=settings.size.brokers,
        broker_node_group_info=msk.CfnCluster.BrokerNodeGroupInfoProperty(
            client_subnets=[subnet.subnet_id for subnet in vpc.isolated_subnets],
            instance_type=settings.size.broker_type,
            security_groups=[group.security_group_id],
            connectivity_info=msk.CfnCluster.ConnectivityInfoProperty(
                public_access=msk.CfnCluster.PublicAccessProperty(type="DISABLED")
            ),
            storage_info=msk.CfnCluster.StorageInfoProperty(
                ebs_storage_info=msk.CfnCluster.EBSStorageInfoProperty(volume_size=settings.size.broker_disk_gb)
            ),
        ),
        client_authentication=msk.CfnCluster.ClientAuthenticationProperty(
            sasl=msk.CfnCluster.SaslProperty(
                iam=msk.CfnCluster.IamProperty(enabled=True), scram=msk.CfnCluster.ScramProperty(enabled=False)
            ),
            tls=msk.CfnCluster.TlsProperty(enabled=False),
            unauthenticated=msk.CfnCluster.UnauthenticatedProperty(enabled=False),
        ),
        encryption_info=msk.CfnCluster.EncryptionInfoProperty(
            encryption_at_rest=msk.CfnCluster.EncryptionAtRestProperty(data_volume_kms_key_id=key.key_arn),
            encryption_in_transit=msk.CfnCluster.EncryptionInTransitProperty(client_broker="TLS", in_cluster=True),
        ),
        # Consumer lag by topic needs at least this level.
        enhanced_monitoring="PER_TOPIC_PER_BROKER",
        # A change of the properties above makes a new revision: raise the number here, too.
        configuration_info=msk.CfnCluster.ConfigurationInfoProperty(arn=configuration.attr_arn, revision=1),
        logging_info=msk.CfnCluster.LoggingInfoProperty(
            broker_logs=msk.CfnCluster.BrokerLogsProperty(
                cloud_watch_logs=msk.CfnCluster.CloudWatchLogsProperty(enabled=True, log_group=log.log_group_name)
            )
        ),
    )
