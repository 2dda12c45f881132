"""The network: three zones, no route to or from the internet, AWS's services through endpoints."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Stack
from aws_cdk import aws_ec2 as ec2

from deploy.cdk.settings import Settings
from deploy.job_spec import JobSpec, Resource

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
    # The IAM login of MSK asks this service who the caller is.
    "Sts": ec2.InterfaceVpcEndpointAwsService.STS,
}


@dataclass(frozen=True)
class Groups:
    """Security groups by who is inside. Every rule between them is in :func:`groups`."""

    jobs: Mapping[str, ec2.SecurityGroup]
    """By the job's name."""
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


def groups(stack: Stack, vpc: ec2.Vpc, jobs: Mapping[str, JobSpec]) -> Groups:
    """Who may talk to whom. A job → the resources that its row names (Kafka, lookup service, opt-outs, S3); balancer →
    lookup → cache; all of them → endpoints. Nothing else.
    """

    def group(name: str, what: str) -> ec2.SecurityGroup:
        return ec2.SecurityGroup(stack, name, vpc=vpc, description=what, allow_all_outbound=False)

    made = Groups(
        jobs={name: group(job.cloud.group, job.cloud.group_description) for name, job in jobs.items()},
        kafka=group("KafkaGroup", "The brokers"),
        balancer=group("BalancerGroup", "Load balancer of the lookup service"),
        lookup=group("LookupGroup", "Tasks of the lookup service"),
        cache=group("CacheGroup", "The cache"),
        opt_outs=group("OptOutsGroup", "The store of opt-outs"),
        endpoints=group("EndpointGroup", "Endpoints of AWS services"),
    )

    def needing(resource: Resource) -> list[ec2.SecurityGroup]:
        return [made.jobs[name] for name, job in jobs.items() if resource in job.resources]

    for client in needing("kafka"):
        _allow(client, made.kafka, KAFKA_IAM_PORT, "Kafka with IAM over TLS")
    for client in needing("lookup_url"):
        _allow(client, made.balancer, HTTPS, "lookups over TLS")
    _allow(made.balancer, made.lookup, LOOKUP_PORT, "lookups")
    _allow(made.lookup, made.cache, CACHE_PORT, "cache over TLS")
    for client in needing("opt_outs_url"):
        _allow(client, made.opt_outs, CACHE_PORT, "opted-out ids over TLS")
    for client in needing("cache_url"):
        _allow(client, made.cache, CACHE_PORT, "states for the lookup service over TLS")
    for client in (*made.jobs.values(), made.lookup):
        _allow(client, made.endpoints, HTTPS, "services of AWS")
    # The gateway endpoint of S3 has public addresses and no security group. The lookup service's image has its layers
    # in S3.
    for client in (*needing("store"), made.lookup):
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
