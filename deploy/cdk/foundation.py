"""The foundation: what stays when a job is updated."""

from aws_cdk import CfnOutput, CfnParameter, Environment, Fn, Stack
from constructs import Construct

from deploy.cdk import brokers, cache, lookup, network, opt_outs, storage
from deploy.cdk.settings import Settings

ZONES = 3


class FoundationStack(Stack):
    """Network, brokers, cache, opt-outs, lookup service, bucket, keys and logs."""

    def __init__(self, scope: Construct, settings: Settings) -> None:
        super().__init__(
            scope,
            f"ClickstreamFoundation-{settings.environment}",
            env=Environment(account=settings.account, region=settings.region),
            description="Clickstream enrichment: network, MSK, ElastiCache, MemoryDB, lookup service",
            termination_protection=True,
        )
        certificate = CfnParameter(
            self,
            "LookupCertificateArn",
            description=f"Certificate of {settings.lookup_host} in Certificate Manager, from a CA that the job trusts",
            allowed_pattern="arn:[^:]+:acm:.*",
        )
        self.data_key = storage.data_key(self, settings)
        log_key = storage.log_key(self, settings)
        self.archives = storage.archives(self, self.data_key)
        self.job_log = storage.log_group(self, "JobLog", log_key)
        self.vpc = network.network(self, settings)
        self.groups = network.groups(self, self.vpc, settings.jobs)
        network.endpoints(self.vpc, self.groups.endpoints)
        broker_log = storage.log_group(self, "BrokerLog", log_key)
        self.kafka = brokers.brokers(
            self, settings, self.vpc, group=self.groups.kafka, key=self.data_key, log=broker_log
        )
        token = cache.cache_token(self, self.data_key)
        self.cache = cache.cache(self, settings, self.vpc, group=self.groups.cache, key=self.data_key, token=token)
        self.redis_url = cache.cache_url(self, self.data_key, token, self.cache)
        password = opt_outs.opt_outs_password(self, self.data_key)
        self.opt_outs = opt_outs.opt_outs(
            self, settings, self.vpc, group=self.groups.opt_outs, key=self.data_key, password=password
        )
        self.opt_outs_url = opt_outs.opt_outs_url(self, settings, self.data_key, password, self.opt_outs)
        self.privacy_keys = storage.privacy_keys(self, self.data_key)
        self.lookup_api_key = lookup.api_key(self, self.data_key)
        self.lookup = lookup.lookup(
            self,
            settings,
            self.vpc,
            self.groups,
            key=self.data_key,
            log=storage.log_group(self, "LookupLog", log_key),
            api_key=self.lookup_api_key,
            redis_url=self.redis_url,
            certificate_arn=certificate.value_as_string,
        )
        CfnOutput(self, "ArchiveBucket", value=self.archives.bucket_name)
        CfnOutput(self, "KafkaArn", value=self.kafka.attr_arn)
        CfnOutput(self, "LookupRepository", value=self.lookup.repository.repository_uri)

    @property
    def availability_zones(self) -> list[str]:
        """Three, whatever the account. If CDK does not know the account, it would take two."""
        return [Fn.select(number, Fn.get_azs()) for number in range(ZONES)]
