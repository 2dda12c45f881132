"""The stack of one job: what an update of that job changes."""

from aws_cdk import CfnOutput, CfnParameter, Environment, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from common.flink.property_groups import Groups
from deploy.cdk import alarms, dashboard, flink, permissions, scaling, storage
from deploy.cdk.foundation import FoundationStack
from deploy.cdk.job_properties import offered, property_groups, value
from deploy.cdk.metrics import metrics
from deploy.cdk.settings import Settings
from deploy.job_spec import JobSpec


class JobStack(Stack):
    """A Flink application and its role. The job's row decides on bucket, alarms, dashboard and scaling."""

    def __init__(self, scope: Construct, settings: Settings, foundation: FoundationStack, job: JobSpec) -> None:
        super().__init__(
            scope,
            f"Clickstream{job.cloud.stack}-{settings.environment}",
            env=Environment(account=settings.account, region=settings.region),
            description=job.cloud.description,
        )
        code_key, bootstrap = self._parameters()
        bucket = storage.store(self, job.cloud.stack, foundation.data_key) if "store" in job.resources else None
        place = None if bucket is None else f"s3://{bucket.bucket_name}/{job.name}"
        resources = offered(job, settings, foundation, bootstrap_servers=bootstrap, place=place)
        properties = property_groups(job, resources, settings.job_properties.get(job.name))
        role = permissions.role(self, foundation, job, code_key=code_key, properties=properties, bucket=bucket)
        made = flink.application(
            self,
            foundation,
            role,
            job,
            name=settings.named(job.name),
            code_key=code_key,
            properties=properties,
            parallelism=settings.parallelism(job),
        )
        CfnOutput(self, "ApplicationName", value=made.ref)
        if job.alarms:
            self._watch(settings, foundation, job, properties)
        if place is not None:
            CfnOutput(self, "Place", value=place)

    def _parameters(self) -> tuple[str, str]:
        """The archive's key and the brokers' addresses."""
        code_key = CfnParameter(
            self,
            "CodeKey",
            description="Key of the application archive in the foundation's bucket; a new key is a new version",
            allowed_pattern=r".+\.zip",
        )
        bootstrap = CfnParameter(
            self,
            "BootstrapServers",
            description="BootstrapBrokerStringSaslIam of the cluster, as 'aws kafka get-bootstrap-brokers' prints it",
            allowed_pattern=r".+:9098(,.+:9098)*",
        )
        return code_key.value_as_string, bootstrap.value_as_string

    def _watch(self, settings: Settings, foundation: FoundationStack, job: JobSpec, properties: Groups) -> None:
        measured = metrics(settings, foundation, job, group_id=value(properties, job.group_id))
        topic = sns.Topic(self, "Alarms", master_key=foundation.data_key, enforce_ssl=True)
        foundation.data_key.grant(
            iam.ServicePrincipal("cloudwatch.amazonaws.com"), "kms:Decrypt", "kms:GenerateDataKey*"
        )
        raised = alarms.alarms(self, settings, job, measured, topic)
        dashboard.dashboard(self, settings, job, measured, raised)
        if job.scales_by_lag:
            scaling.scaling(self, settings, job, measured, foundation.job_log)
        CfnOutput(self, "AlarmTopic", value=topic.topic_arn)
