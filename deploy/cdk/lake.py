"""The lake: the Flink application that writes it, its role and its bucket."""

from aws_cdk import CfnOutput, Environment, Stack
from constructs import Construct

from contracts.fixed_topics import enriched_name
from deploy.cdk import flink, permissions, storage
from deploy.cdk.application import parameters
from deploy.cdk.foundation import FoundationStack
from deploy.cdk.job_properties import lake_property_groups
from deploy.cdk.settings import Settings


class LakeStack(Stack):
    """Beside the enrichment job's stack, and not needed by it. It has no alarms of its own."""

    def __init__(self, scope: Construct, settings: Settings, foundation: FoundationStack) -> None:
        super().__init__(
            scope,
            f"ClickstreamLake-{settings.environment}",
            env=Environment(account=settings.account, region=settings.region),
            description="Clickstream enrichment: the lake",
        )
        code_key, bootstrap = parameters(self)
        bucket = storage.lake(self, foundation.data_key)
        role = permissions.role(
            self,
            foundation,
            code_key=code_key,
            group=foundation.groups.lake,
            own=permissions.lake(
                foundation,
                bucket,
                topics=[enriched_name(purpose) for purpose in settings.lake_purposes],
                group_id=settings.lake_name,
            ),
        )
        place = f"s3://{bucket.bucket_name}/lake"
        job = flink.Job(
            name=settings.named("lake"),
            code_key=code_key,
            properties=lake_property_groups(settings, bootstrap_servers=bootstrap, place=place),
            parallelism=settings.lake_parallelism,
            checkpoint_interval_ms=settings.lake_checkpoint_interval_ms,
            group=foundation.groups.lake,
            log_stream="lake",
        )
        made = flink.application(self, foundation, role, job)
        CfnOutput(self, "ApplicationName", value=made.ref)
        CfnOutput(self, "Place", value=place)
