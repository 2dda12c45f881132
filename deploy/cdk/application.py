"""The application: what an update of the job changes."""

from aws_cdk import CfnOutput, CfnParameter, Environment, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from deploy.cdk import alarms, dashboard, flink, permissions, scaling
from deploy.cdk.foundation import FoundationStack
from deploy.cdk.metrics import metrics
from deploy.cdk.settings import Settings


class ApplicationStack(Stack):
    """The Flink application with its role, alarms, dashboard and scaling."""

    def __init__(self, scope: Construct, settings: Settings, foundation: FoundationStack) -> None:
        super().__init__(
            scope,
            f"ClickstreamApplication-{settings.environment}",
            env=Environment(account=settings.account, region=settings.region),
            description="Clickstream enrichment: the Flink application",
        )
        code_key = CfnParameter(
            self,
            "CodeKey",
            description="Key of the application archive in the foundation's bucket; a new key is a new version",
            allowed_pattern=r".+\.zip",
        ).value_as_string
        bootstrap = CfnParameter(
            self,
            "BootstrapServers",
            description="BootstrapBrokerStringSaslIam of the cluster, as 'aws kafka get-bootstrap-brokers' prints it",
            allowed_pattern=r".+:9098(,.+:9098)*",
        ).value_as_string
        execution = permissions.role(
            self,
            foundation,
            code_key=code_key,
            group_id=settings.job_name,
            transactions=settings.job_name,
        )
        job = flink.application(self, settings, foundation, execution, code_key=code_key, bootstrap_servers=bootstrap)
        name = settings.named("enrichment")
        measured = metrics(settings, foundation, name)
        topic = sns.Topic(self, "Alarms", master_key=foundation.data_key, enforce_ssl=True)
        foundation.data_key.grant(
            iam.ServicePrincipal("cloudwatch.amazonaws.com"), "kms:Decrypt", "kms:GenerateDataKey*"
        )
        made = alarms.alarms(self, settings, measured, topic)
        dashboard.dashboard(self, settings, measured, made)
        scaling.scaling(self, settings, measured, name, foundation.job_log)
        CfnOutput(self, "ApplicationName", value=job.ref)
        CfnOutput(self, "AlarmTopic", value=topic.topic_arn)
