"""Scales a job by its lag: an alarm starts a state machine that doubles or halves the parallelism.

The service's own autoscaling looks at CPU alone. But a job that waits for lookups is behind although its processors are
idle, and one that catches up is busy although it needs no more. Every change is an update with a snapshot and costs a
restart of about a minute. So the parallelism doubles at once, halves only after hours, and has limits.
"""

import json

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn

from deploy.cdk.metrics import Metrics
from deploy.cdk.settings import Settings
from deploy.job_spec import JobSpec

OUT_LAG_S = 60
OUT_MINUTES = 5
IN_LAG_S = 5
IN_CPU_PERCENT = 30
IN_HOURS = 6
_SDK = "arn:aws:states:::aws-sdk:kinesisanalyticsv2"
_CURRENT = (
    "$states.result.ApplicationDetail.ApplicationConfigurationDescription"
    ".FlinkApplicationConfigurationDescription.ParallelismConfigurationDescription.Parallelism"
)


def definition(settings: Settings, job: JobSpec) -> dict[str, object]:
    """The state machine: look, work out, update; an application that is not running is left alone."""
    application_name = settings.named(job.name)
    least, most = settings.parallelism(job), settings.largest_parallelism(job)
    wanted = f"$states.input.out ? $min([{most}, $parallelism * 2]) : $max([{least}, $ceil($parallelism / 2)])"
    return {
        "QueryLanguage": "JSONata",
        "StartAt": "Look",
        "States": {
            "Look": {
                "Type": "Task",
                "Resource": f"{_SDK}:describeApplication",
                "Arguments": {"ApplicationName": application_name},
                "Assign": {
                    "parallelism": f"{{% {_CURRENT} %}}",
                    "version": "{% $states.result.ApplicationDetail.ApplicationVersionId %}",
                    "status": "{% $states.result.ApplicationDetail.ApplicationStatus %}",
                },
                "Output": "{% $states.input %}",
                "Next": "WorkOut",
            },
            "WorkOut": {
                "Type": "Pass",
                "Assign": {"wanted": f"{{% {wanted} %}}"},
                "Next": "Worth",
            },
            "Worth": {
                "Type": "Choice",
                "Choices": [{"Condition": "{% $status = 'RUNNING' and $wanted != $parallelism %}", "Next": "Update"}],
                "Default": "Done",
            },
            "Update": {
                "Type": "Task",
                "Resource": f"{_SDK}:updateApplication",
                "Arguments": {
                    "ApplicationName": application_name,
                    # Refused if anybody changed the application in between.
                    "CurrentApplicationVersionId": "{% $version %}",
                    "ApplicationConfigurationUpdate": {
                        "FlinkApplicationConfigurationUpdate": {
                            "ParallelismConfigurationUpdate": {"ParallelismUpdate": "{% $wanted %}"}
                        }
                    },
                },
                "Next": "Done",
            },
            "Done": {"Type": "Succeed"},
        },
    }


def scaling(stack: Stack, settings: Settings, job: JobSpec, metrics: Metrics, log: logs.ILogGroup) -> sfn.StateMachine:
    application = settings.named(job.name)
    machine = sfn.StateMachine(
        stack,
        "Scaler",
        definition_body=sfn.DefinitionBody.from_string(json.dumps(definition(settings, job))),
        timeout=Duration.minutes(5),
        logs=sfn.LogOptions(destination=log, level=sfn.LogLevel.ERROR),
    )
    machine.add_to_role_policy(
        iam.PolicyStatement(
            actions=["kinesisanalytics:DescribeApplication", "kinesisanalytics:UpdateApplication"],
            resources=[
                f"arn:{stack.partition}:kinesisanalytics:{stack.region}:{stack.account}:application/{application}"
            ],
        )
    )
    behind = cloudwatch.Alarm(
        stack,
        "ScaleOut",
        alarm_name=settings.named(f"{job.cloud.alarm_prefix}scale-out"),
        alarm_description="Behind: the parallelism is doubled.",
        metric=metrics.lag_s,
        threshold=OUT_LAG_S,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
        evaluation_periods=OUT_MINUTES,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )
    idle = cloudwatch.Alarm(
        stack,
        "ScaleIn",
        alarm_name=settings.named(f"{job.cloud.alarm_prefix}scale-in"),
        alarm_description="Neither behind nor busy for hours: the parallelism is halved.",
        metric=cloudwatch.MathExpression(
            expression=f"IF(lag < {IN_LAG_S} AND cpu < {IN_CPU_PERCENT}, 1, 0)",
            using_metrics={"lag": metrics.lag_s, "cpu": metrics.job_cpu},
            period=Duration.minutes(10),
        ),
        threshold=1,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        evaluation_periods=IN_HOURS * 6,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )
    for alarm, out in ((behind, True), (idle, False)):
        events.Rule(
            stack,
            "OnScaleOut" if out else "OnScaleIn",
            event_pattern=events.EventPattern(
                source=["aws.cloudwatch"],
                detail_type=["CloudWatch Alarm State Change"],
                resources=[alarm.alarm_arn],
                detail={"state": {"value": ["ALARM"]}},
            ),
            targets=[targets.SfnStateMachine(machine, input=events.RuleTargetInput.from_object({"out": out}))],
        )
    return machine
