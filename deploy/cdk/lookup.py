"""The lookup service on Fargate, behind an internal load balancer with TLS, in the job's zones."""

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import Duration, Fn, RemovalPolicy, SecretValue, Stack
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as targets
from aws_cdk import aws_secretsmanager as secrets

from deploy.cdk.network import HTTPS, LOOKUP_PORT, Groups
from deploy.cdk.settings import Settings

_LARGEST_SCALE = 4
"""The largest number of tasks, as a multiple of what the peak needs."""
_BUSY_PERCENT = 60
_GRACE_S = 15
_HEALTH = (
    f"import urllib.request as u; u.urlopen('http://127.0.0.1:{LOOKUP_PORT}/healthz', timeout=2)"  # this container's
)


@dataclass(frozen=True)
class Lookup:
    service: ecs.FargateService
    balancer: elb.ApplicationLoadBalancer
    target: elb.ApplicationTargetGroup
    repository: ecr.Repository


def lookup(
    stack: Stack,
    settings: Settings,
    vpc: ec2.Vpc,
    groups: Groups,
    *,
    key: kms.Key,
    log: logs.LogGroup,
    redis_url: secrets.Secret,
    api_key: secrets.Secret,
    certificate_arn: str,
) -> Lookup:
    repository = ecr.Repository(
        stack,
        "LookupImages",
        encryption=ecr.RepositoryEncryption.KMS,
        encryption_key=key,
        image_scan_on_push=True,
        image_tag_mutability=ecr.TagMutability.IMMUTABLE,
        removal_policy=RemovalPolicy.RETAIN,
    )
    setting_secrets = {
        "LOOKUP_REDIS_URL": ecs.Secret.from_secrets_manager(redis_url),
        "LOOKUP_API_KEYS": ecs.Secret.from_secrets_manager(_api_keys(stack, key, api_key, reader_key(stack, key))),
        **{
            name: ecs.Secret.from_secrets_manager(secrets.Secret.from_secret_complete_arn(stack, name, arn))
            for name, arn in settings.lookup_secrets.items()
        },
    }
    service = _service(stack, settings, vpc, groups, repository=repository, log=log, setting_secrets=setting_secrets)
    balancer = elb.ApplicationLoadBalancer(
        stack,
        "LookupBalancer",
        vpc=vpc,
        internet_facing=False,
        security_group=groups.balancer,
        vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
        drop_invalid_header_fields=True,
        deletion_protection=True,
        # The job's batches wait no longer than its deadline. Idle connections should outlive a quiet minute.
        idle_timeout=Duration.seconds(120),
    )
    listener = balancer.add_listener(
        "Tls",
        port=HTTPS,
        open=False,
        certificates=[acm.Certificate.from_certificate_arn(stack, "LookupCertificate", certificate_arn)],
        ssl_policy=elb.SslPolicy.TLS13_RES,
    )
    target = listener.add_targets(
        "LookupTasks",
        port=LOOKUP_PORT,
        protocol=elb.ApplicationProtocol.HTTP,
        targets=[service],
        # Only whether the process lives. With a source down a task still answers, in part from its memory. To replace
        # all tasks for that would lose their memory and repair nothing.
        health_check=elb.HealthCheck(path="/healthz", interval=Duration.seconds(10), timeout=Duration.seconds(3)),
        deregistration_delay=Duration.seconds(_GRACE_S),
        load_balancing_algorithm_type=elb.TargetGroupLoadBalancingAlgorithmType.LEAST_OUTSTANDING_REQUESTS,
    )
    # A lookup stays in its zone: it takes a millisecond less, and there is no charge for traffic between zones.
    target.set_attribute("load_balancing.cross_zone.enabled", "false")
    zone = route53.PrivateHostedZone(stack, "Zone", zone_name=settings.domain, vpc=vpc)
    route53.ARecord(
        stack,
        "LookupName",
        zone=zone,
        record_name="lookup",
        target=route53.RecordTarget.from_alias(targets.LoadBalancerTarget(balancer)),
    )
    return Lookup(service, balancer, target, repository)


_GENERATED = secrets.SecretStringGenerator(exclude_punctuation=True, include_space=False, password_length=48)


def api_key(stack: Stack, key: kms.Key) -> secrets.Secret:
    """The job's key for the service, in addition to its security group."""
    return secrets.Secret(
        stack,
        "LookupApiKey",
        description="API key of the job for the lookup service",
        encryption_key=key,
        generate_secret_string=_GENERATED,
    )


def reader_key(stack: Stack, key: kms.Key) -> secrets.Secret:
    """The key of the services that ask for features, scores and risk."""
    return secrets.Secret(
        stack,
        "LookupReaderKey",
        description="API key of services that ask for features, scores and risk",
        encryption_key=key,
        generate_secret_string=_GENERATED,
    )


def _api_keys(stack: Stack, key: kms.Key, api_key: secrets.Secret, reader: secrets.Secret) -> secrets.Secret:
    """The same keys in the service's own setting, ``name:key:scope,…``: the job may look up and nothing else."""
    keys = (("job:", api_key, ":lookup"), (",readers:", reader, ":features+score+risk"))
    parts = [part for before, each, scopes in keys for part in (before, each.secret_value.unsafe_unwrap(), scopes)]
    return secrets.Secret(
        stack,
        "LookupApiKeys",
        description="LOOKUP_API_KEYS of the lookup service",
        encryption_key=key,
        secret_string_value=SecretValue.unsafe_plain_text(Fn.join("", parts)),
    )


def _service(
    stack: Stack,
    settings: Settings,
    vpc: ec2.Vpc,
    groups: Groups,
    *,
    repository: ecr.Repository,
    log: logs.LogGroup,
    setting_secrets: Mapping[str, ecs.Secret],
) -> ecs.FargateService:
    cluster = ecs.Cluster(stack, "LookupCluster", vpc=vpc, container_insights_v2=ecs.ContainerInsights.ENABLED)
    task = ecs.FargateTaskDefinition(
        stack,
        "LookupTask",
        cpu=int(settings.size.task_vcpus * 1024),
        memory_limit_mib=settings.size.task_memory_mb,
    )
    container = task.add_container(
        "lookup",
        image=ecs.ContainerImage.from_ecr_repository(repository, settings.image_tag),
        readonly_root_filesystem=True,
        port_mappings=[ecs.PortMapping(container_port=LOOKUP_PORT)],
        environment={"LOOKUP_HOST": "0.0.0.0", "LOOKUP_PORT": str(LOOKUP_PORT)},
        secrets=setting_secrets,
        logging=ecs.LogDrivers.aws_logs(stream_prefix="lookup", log_group=log),
        health_check=ecs.HealthCheck(command=["CMD", "python", "-c", _HEALTH], interval=Duration.seconds(10)),
        stop_timeout=Duration.seconds(_GRACE_S),
        linux_parameters=ecs.LinuxParameters(stack, "LookupLinux", init_process_enabled=True),
    )
    task.add_volume(name="tmp")
    container.add_mount_points(ecs.MountPoint(container_path="/tmp", source_volume="tmp", read_only=False))  # noqa: S108
    service = ecs.FargateService(
        stack,
        "Lookup",
        cluster=cluster,
        task_definition=task,
        desired_count=settings.size.lookup_tasks,
        min_healthy_percent=100,
        max_healthy_percent=200,
        circuit_breaker=ecs.DeploymentCircuitBreaker(rollback=True),
        security_groups=[groups.lookup],
        vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
        assign_public_ip=False,
    )
    scaling = service.auto_scale_task_count(
        min_capacity=settings.size.lookup_tasks, max_capacity=settings.size.lookup_tasks * _LARGEST_SCALE
    )
    scaling.scale_on_cpu_utilization(
        "LookupCpu",
        target_utilization_percent=_BUSY_PERCENT,
        scale_in_cooldown=Duration.minutes(10),
        scale_out_cooldown=Duration.minutes(1),
    )
    return service
