"""The network: three zones, no way to or from the internet, AWS's services through endpoints."""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Stack
from aws_cdk import aws_ec2 as ec2

from deploy.cdk.settings import Settings

KAFKA_IAM_PORT = 9098
CACHE_PORT = 6379
LOOKUP_PORT = 8080
HTTPS = 443

_ENDPOINTS = {
    "EcrApi": ec2.InterfaceVpcEndpointAwsService.ECR,
    "EcrDocker": ec2.InterfaceVpcEndpointAwsService.ECR_DOCKER,
    "Logs": ec2.InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
    "Metrics": ec2.InterfaceVpcEndpointAwsService.CLOUDWATCH_MONITORING,
    "Secrets": ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
    "Kms": ec2.InterfaceVpcEndpointAwsService.KMS,
    # The IAM login of MSK asks it who the caller is.
    "Sts": ec2.InterfaceVpcEndpointAwsService.STS,
}


@dataclass(frozen=True)
class Groups:
    """Security groups by who is inside; each rule between them is written down once, in :func:`groups`."""

    job: ec2.SecurityGroup
    lake: ec2.SecurityGroup
    kafka: ec2.SecurityGroup
    balancer: ec2.SecurityGroup
    lookup: ec2.SecurityGroup
    cache: ec2.SecurityGroup
    opt_outs: ec2.SecurityGroup
    endpoints: ec2.SecurityGroup


def network(stack: Stack, settings: Settings) -> ec2.Vpc:
    vpc = ec2.Vpc(
        stack,
        "Network",
        ip_addresses=ec2.IpAddresses.cidr(settings.vpc_cidr),
        max_azs=3,
        nat_gateways=0,
        subnet_configuration=[
            ec2.SubnetConfiguration(name="inside", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=20)
        ],
        restrict_default_security_group=False,
        gateway_endpoints={"S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3)},
    )
    vpc.add_flow_log("FlowLog", traffic_type=ec2.FlowLogTrafficType.REJECT)
    return vpc


def groups(stack: Stack, vpc: ec2.Vpc) -> Groups:
    """Who may talk to whom: job → Kafka and opt-outs, job → balancer → lookup → cache, lake → Kafka, all → endpoints.
    Nothing else.
    """

    def group(name: str, what: str) -> ec2.SecurityGroup:
        return ec2.SecurityGroup(stack, name, vpc=vpc, description=what, allow_all_outbound=False)

    made = Groups(
        job=group("JobGroup", "The Flink application"),
        lake=group("LakeGroup", "The Flink application of the lake"),
        kafka=group("KafkaGroup", "The brokers"),
        balancer=group("BalancerGroup", "Load balancer of the lookup service"),
        lookup=group("LookupGroup", "Tasks of the lookup service"),
        cache=group("CacheGroup", "The cache"),
        opt_outs=group("OptOutsGroup", "The store of opt-outs"),
        endpoints=group("EndpointGroup", "Endpoints of AWS services"),
    )
    _allow(made.job, made.kafka, KAFKA_IAM_PORT, "Kafka with IAM over TLS")
    _allow(made.lake, made.kafka, KAFKA_IAM_PORT, "Kafka with IAM over TLS")
    _allow(made.job, made.balancer, HTTPS, "lookups over TLS")
    _allow(made.balancer, made.lookup, LOOKUP_PORT, "lookups")
    _allow(made.lookup, made.cache, CACHE_PORT, "cache over TLS")
    _allow(made.job, made.opt_outs, CACHE_PORT, "opted-out ids over TLS")
    for client in (made.job, made.lake, made.lookup):
        _allow(client, made.endpoints, HTTPS, "services of AWS")
    # The gateway endpoint of S3 has public addresses and no security group; images' layers come from there.
    for client in (made.lake, made.lookup):
        client.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(HTTPS), "S3 through its gateway endpoint")
    return made


def endpoints(vpc: ec2.Vpc, group: ec2.SecurityGroup) -> Sequence[ec2.InterfaceVpcEndpoint]:
    return [
        vpc.add_interface_endpoint(name, service=service, security_groups=[group], open=False)
        for name, service in _ENDPOINTS.items()
    ]


def _allow(source: ec2.SecurityGroup, target: ec2.SecurityGroup, port: int, what: str) -> None:
    source.add_egress_rule(target, ec2.Port.tcp(port), what)
    target.add_ingress_rule(source, ec2.Port.tcp(port), what)
