"""The application: what an update of the job changes."""

from aws_cdk import CfnOutput, CfnParameter, Environment, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from deploy.cdk import alarms, dashboard, flink, permissions, scaling
from deploy.cdk.foundation import FoundationStack
from deploy.cdk.job_properties import JobSecrets, property_groups
from deploy.cdk.metrics import metrics
from deploy.cdk.settings import Settings


def parameters(stack: Stack) -> tuple[str, str]:
    """The archive's key and the brokers' addresses."""
    code_key = CfnParameter(
        stack,
        "CodeKey",
        description="Key of the application archive in the foundation's bucket; a new key is a new version",
        allowed_pattern=r".+\.zip",
    )
    bootstrap = CfnParameter(
        stack,
        "BootstrapServers",
        description="BootstrapBrokerStringSaslIam of the cluster, as 'aws kafka get-bootstrap-brokers' prints it",
        allowed_pattern=r".+:9098(,.+:9098)*",
    )
    return code_key.value_as_string, bootstrap.value_as_string


class ApplicationStack(Stack):
    """The Flink application with its role, alarms, dashboard and scaling."""

    def __init__(self, scope: Construct, settings: Settings, foundation: FoundationStack) -> None:
        super().__init__(
            scope,
            f"ClickstreamApplication-{settings.environment}",
            env=Environment(account=settings.account, region=settings.region),
            description="Clickstream enrichment: the Flink application",
        )
        code_key, bootstrap = parameters(self)
        execution = permissions.role(
            self,
            foundation,
            code_key=code_key,
            group=foundation.groups.job,
            own=permissions.enrichment(foundation, group_id=settings.job_name, transactions=settings.job_name),
        )
        secrets = JobSecrets(
            lookup_api_key=foundation.lookup_api_key.secret_value.unsafe_unwrap(),
            opt_outs_url=foundation.opt_outs_url.secret_value.unsafe_unwrap(),
            privacy_keys_arn=foundation.privacy_keys.secret_arn,
        )
        name = settings.named("enrichment")
        made = flink.Job(
            name=name,
            code_key=code_key,
            properties=property_groups(settings, bootstrap_servers=bootstrap, secrets=secrets),
            parallelism=settings.size.parallelism,
            checkpoint_interval_ms=settings.checkpoint_interval_ms,
            group=foundation.groups.job,
            log_stream="flink",
        )
        job = flink.application(self, foundation, execution, made)
        measured = metrics(settings, foundation, name)
        topic = sns.Topic(self, "Alarms", master_key=foundation.data_key, enforce_ssl=True)
        foundation.data_key.grant(
            iam.ServicePrincipal("cloudwatch.amazonaws.com"), "kms:Decrypt", "kms:GenerateDataKey*"
        )
        raised = alarms.alarms(self, settings, measured, topic)
        dashboard.dashboard(self, settings, measured, raised)
        scaling.scaling(self, settings, measured, name, foundation.job_log)
        CfnOutput(self, "ApplicationName", value=job.ref)
        CfnOutput(self, "AlarmTopic", value=topic.topic_arn)
