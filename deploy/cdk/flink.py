"""The Flink application: runtime, code, checkpoints, parallelism, network, properties."""

from collections.abc import Mapping

from aws_cdk import Fn, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisanalyticsv2 as flink
from aws_cdk import aws_logs as logs

from deploy.cdk.foundation import FoundationStack
from deploy.job_spec import JobSpec
from deploy.profiles import Profile

RUNTIME = "FLINK-2_2"


def application(
    stack: Stack,
    foundation: FoundationStack,
    role: iam.Role,
    job: JobSpec,
    *,
    name: str,
    code_key: str,
    properties: Mapping[str, Mapping[str, str]],
    parallelism: int,
) -> flink.CfnApplication:
    made = flink.CfnApplication(
        stack,
        "Job",
        application_name=name,
        runtime_environment=RUNTIME,
        application_mode="STREAMING",
        service_execution_role=role.role_arn,
        application_configuration=flink.CfnApplication.ApplicationConfigurationProperty(
            application_code_configuration=flink.CfnApplication.ApplicationCodeConfigurationProperty(
                code_content_type="ZIPFILE",
                code_content=flink.CfnApplication.CodeContentProperty(
                    s3_content_location=flink.CfnApplication.S3ContentLocationProperty(
                        bucket_arn=foundation.archives.bucket_arn, file_key=code_key
                    )
                ),
            ),
            # After a failed update or scaling the service returns to the version that ran before.
            application_system_rollback_configuration=flink.CfnApplication.ApplicationSystemRollbackConfigurationProperty(
                rollback_enabled=True
            ),
            application_snapshot_configuration=flink.CfnApplication.ApplicationSnapshotConfigurationProperty(
                snapshots_enabled=True
            ),
            flink_application_configuration=_flink(job.production_profile, parallelism),
            environment_properties=flink.CfnApplication.EnvironmentPropertiesProperty(
                property_groups=[
                    flink.CfnApplication.PropertyGroupProperty(property_group_id=group, property_map=dict(values))
                    for group, values in sorted(properties.items())
                ]
            ),
            vpc_configurations=[
                flink.CfnApplication.VpcConfigurationProperty(
                    subnet_ids=[subnet.subnet_id for subnet in foundation.vpc.isolated_subnets],
                    security_group_ids=[foundation.groups.jobs[job.name].security_group_id],
                )
            ],
        ),
        run_configuration=flink.CfnApplication.RunConfigurationProperty(
            application_restore_configuration=flink.CfnApplication.ApplicationRestoreConfigurationProperty(
                application_restore_type="RESTORE_FROM_LATEST_SNAPSHOT"
            ),
            flink_run_configuration=flink.CfnApplication.FlinkRunConfigurationProperty(
                # A removed operator blocks the restore, so state is never dropped by accident.
                allow_non_restored_state=False
            ),
        ),
    )
    # The application refers to the role, not to its policy. Without the policy the first start would fail.
    made.node.add_dependency(role.node.find_child("DefaultPolicy"))
    _log(stack, foundation.job_log, made, job.cloud.log_stream)
    return made


def _flink(profile: Profile, parallelism: int) -> flink.CfnApplication.FlinkApplicationConfigurationProperty:
    return flink.CfnApplication.FlinkApplicationConfigurationProperty(
        checkpoint_configuration=flink.CfnApplication.CheckpointConfigurationProperty(
            configuration_type="CUSTOM",
            checkpointing_enabled=True,
            checkpoint_interval=profile.checkpoint_interval_ms,
            min_pause_between_checkpoints=profile.min_pause_ms,
        ),
        monitoring_configuration=flink.CfnApplication.MonitoringConfigurationProperty(
            configuration_type="CUSTOM", metrics_level="OPERATOR", log_level="INFO"
        ),
        parallelism_configuration=flink.CfnApplication.ParallelismConfigurationProperty(
            configuration_type="CUSTOM",
            parallelism=parallelism,
            # One interpreter has one lock. A second task on the same KPU would wait for it.
            parallelism_per_kpu=1,
            # The service scales by CPU alone. scaling.py scales by lag.
            auto_scaling_enabled=False,
        ),
    )


def _log(stack: Stack, group: logs.LogGroup, application: flink.CfnApplication, name: str) -> None:
    stream = logs.LogStream(stack, "JobLogStream", log_group=group, log_stream_name=name)
    arn = Fn.join("", [Fn.select(0, Fn.split(":*", group.log_group_arn)), f":log-stream:{stream.log_stream_name}"])
    flink.CfnApplicationCloudWatchLoggingOption(
        stack,
        "JobLogging",
        application_name=application.ref,
        cloud_watch_logging_option=flink.CfnApplicationCloudWatchLoggingOption.CloudWatchLoggingOptionProperty(
            log_stream_arn=arn
        ),
    )
