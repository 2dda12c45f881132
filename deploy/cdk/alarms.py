"""The alarms that wake somebody: each with its limit and what to do first."""

from collections.abc import Iterable
from dataclasses import dataclass

from aws_cdk import Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns

from deploy.cdk.metrics import Metrics
from deploy.cdk.settings import Settings
from deploy.job_spec import AlarmPart, JobSpec

ABOVE = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
BELOW = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
QUIET = cloudwatch.TreatMissingData.NOT_BREACHING
SILENT = cloudwatch.TreatMissingData.BREACHING


@dataclass(frozen=True, kw_only=True)
class Rule:
    part: AlarmPart
    name: str
    metric: cloudwatch.IMetric
    limit: float
    minutes: int
    """In a row."""
    action: str
    comparison: cloudwatch.ComparisonOperator = ABOVE
    missing: cloudwatch.TreatMissingData = QUIET


def rules(job: JobSpec, metrics: Metrics) -> Iterable[Rule]:
    long_checkpoint_ms = max(10_000, 5 * job.production_profile.checkpoint_interval_ms)
    return (
        Rule(
            part="flink",
            name="Restarts",
            metric=metrics.restarts,
            limit=0,
            minutes=1,
            action="The first exception is in the log.",
        ),
        Rule(
            part="flink",
            name="Down",
            metric=metrics.downtime,
            limit=0,
            minutes=5,
            action="The job does not come back by itself: roll back, or restore a snapshot.",
        ),
        Rule(
            part="flink",
            name="FailedCheckpoints",
            metric=metrics.failed_checkpoints,
            limit=0,
            minutes=5,
            action="Nothing is committed to Kafka meanwhile; look for brokers that refuse transactions.",
        ),
        Rule(
            part="flink",
            name="LongCheckpoints",
            metric=metrics.checkpoint_ms,
            limit=long_checkpoint_ms,
            minutes=5,
            action="read_committed consumers wait so long: look for back pressure, or much parked state.",
        ),
        Rule(
            part="flink",
            name="ConsumerLag",
            metric=metrics.lag_s,
            limit=120,
            minutes=10,
            action="Scaling out by lag should be under way; is its largest parallelism reached?",
        ),
        Rule(
            part="flink",
            name="WatermarkLag",
            metric=metrics.watermark_lag_s,
            limit=180,
            minutes=10,
            action="A partition without events, or a producer whose clock is behind.",
        ),
        Rule(
            part="outcomes",
            name="LateShare",
            metric=metrics.late_share,
            limit=1,
            minutes=15,
            action="Read the late topic: lateness_ms says how much allowed.lateness.ms would have helped. A producer's "
            "clock that is behind, or a replayed log: docs/operations/runbook.md, Late events.",
        ),
        Rule(
            part="outcomes",
            name="FailedShare",
            metric=metrics.failed_share,
            limit=5,
            minutes=15,
            action="Read the failed topic: failure.type and failure.field name what a producer changed.",
        ),
        Rule(
            part="sessions",
            name="TooLateShare",
            metric=metrics.too_late_share,
            limit=1,
            minutes=15,
            action="Read the late topic of sessions: each event has the reason. docs/operations/runbook.md, Sessions.",
        ),
        Rule(
            part="lookup",
            name="LookupP99",
            metric=metrics.lookup_p99_s,
            limit=0.25,
            minutes=5,
            action="Half of the job's deadline: events leave partial soon. Scale the service, look at its sources.",
        ),
        Rule(
            part="lookup",
            name="LookupErrors",
            metric=metrics.lookup_errors,
            limit=50,
            minutes=3,
            action="The job's breaker opens: known answers serve as stale, the rest leaves with status error.",
        ),
        Rule(
            part="opt_outs",
            name="OptOutsOld",
            metric=metrics.opt_outs_age_ms,
            limit=30_000,
            minutes=2,
            action="The last known opt-outs hold, new ones do not: the job does not reach their store.",
        ),
        Rule(
            part="opt_outs",
            name="OptOutsLost",
            metric=metrics.opt_outs_lost,
            limit=0,
            minutes=1,
            action="Their store was emptied, replaced or set back: the last known ones hold. Do not restart the job.",
        ),
        Rule(
            part="opt_outs",
            name="OptOutsSkipped",
            metric=metrics.opt_outs_skipped,
            limit=0,
            minutes=15,
            action="The store holds members that no event can carry: whose were they? Write with the command.",
        ),
        Rule(
            part="opt_outs",
            name="OptOutsMemory",
            metric=metrics.opt_outs_memory,
            limit=80,
            minutes=10,
            action="A full store refuses opt-outs: take a larger node (Settings.opt_outs_node).",
        ),
        Rule(
            part="features",
            name="StoreBehind",
            metric=metrics.store_behind_ms,
            limit=30_000,
            minutes=2,
            action="The cache takes no features, and events wait before long: docs/operations/runbook.md, Features.",
        ),
        Rule(
            part="lookup",
            name="CacheHitRatio",
            metric=metrics.cache_hit_ratio,
            limit=50,
            minutes=30,
            comparison=BELOW,
            action="A flushed cache, or keys that no longer repeat: the sources behind it carry the load.",
        ),
        Rule(
            part="flink",
            name="JobCpu",
            metric=metrics.job_cpu,
            limit=85,
            minutes=15,
            action="No room to catch up: resize.",
        ),
        Rule(
            part="flink",
            name="JobHeap",
            metric=metrics.job_heap,
            limit=90,
            minutes=15,
            action="Garbage collection before long.",
        ),
        Rule(
            part="kafka",
            name="KafkaCpu",
            metric=metrics.kafka_cpu,
            limit=60,
            minutes=15,
            action="A broker less must still do.",
        ),
        Rule(
            part="kafka",
            name="KafkaDisk",
            metric=metrics.kafka_disk,
            limit=80,
            minutes=5,
            action="Enlarge the brokers' disks.",
        ),
        Rule(
            part="lookup",
            name="LookupCpu",
            metric=metrics.lookup_cpu,
            limit=90,
            minutes=10,
            action="Is it at its largest scale?",
        ),
        Rule(part="lookup", name="CacheCpu", metric=metrics.cache_cpu, limit=80, minutes=10, action="Add a shard."),
        Rule(
            part="input",
            name="NoEvents",
            metric=metrics.input_events,
            limit=1,
            minutes=10,
            comparison=BELOW,
            missing=SILENT,
            action="Nothing comes in: look at the collectors.",
        ),
    )


def alarms(
    stack: Stack, settings: Settings, job: JobSpec, metrics: Metrics, topic: sns.ITopic
) -> dict[str, cloudwatch.Alarm]:
    """The alarms of the parts that the job's row names."""
    made = {}
    for rule in (rule for rule in rules(job, metrics) if rule.part in job.alarms):
        alarm = made[rule.name] = cloudwatch.Alarm(
            stack,
            f"Alarm{rule.name}",
            alarm_name=settings.named(f"{job.cloud.alarm_prefix}{rule.name}"),
            alarm_description=rule.action,
            metric=rule.metric,
            threshold=rule.limit,
            comparison_operator=rule.comparison,
            evaluation_periods=rule.minutes,
            treat_missing_data=rule.missing,
        )
        alarm.add_alarm_action(actions.SnsAction(topic))
        alarm.add_ok_action(actions.SnsAction(topic))
    return made
