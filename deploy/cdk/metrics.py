"""The figures that alarms and dashboard of a job share, each defined once."""

from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_elasticloadbalancingv2 as elb

from contracts.fixed_topics import FAILED, LATE, RAW, SESSIONIZED, SESSIONS_LATE
from deploy.cdk.foundation import FoundationStack
from deploy.cdk.settings import Settings
from deploy.job_spec import JobSpec

MINUTE = Duration.minutes(1)


@dataclass(frozen=True)
class Metrics:
    restarts: cloudwatch.IMetric
    downtime: cloudwatch.IMetric
    failed_checkpoints: cloudwatch.IMetric
    checkpoint_ms: cloudwatch.IMetric
    lag_events: cloudwatch.IMetric
    lag_s: cloudwatch.IMetric
    watermark_lag_s: cloudwatch.IMetric
    late_share: cloudwatch.IMetric
    failed_share: cloudwatch.IMetric
    too_late_share: cloudwatch.IMetric
    lookup_p99_s: cloudwatch.IMetric
    lookup_errors: cloudwatch.IMetric
    opt_outs_age_ms: cloudwatch.IMetric
    opt_outs_lost: cloudwatch.IMetric
    opt_outs_skipped: cloudwatch.IMetric
    opt_outs_memory: cloudwatch.IMetric
    cache_hit_ratio: cloudwatch.IMetric
    store_behind_ms: cloudwatch.IMetric
    job_cpu: cloudwatch.IMetric
    job_heap: cloudwatch.IMetric
    kafka_cpu: cloudwatch.IMetric
    kafka_disk: cloudwatch.IMetric
    lookup_cpu: cloudwatch.IMetric
    cache_cpu: cloudwatch.IMetric
    input_events: cloudwatch.IMetric


def metrics(settings: Settings, foundation: FoundationStack, job: JobSpec, *, group_id: str) -> Metrics:
    """``group_id``: the consumer group of the job."""
    cluster, application = settings.named("kafka"), settings.named(job.name)

    def flink(name: str, statistic: str = "Maximum") -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace="AWS/KinesisAnalytics",
            metric_name=name,
            dimensions_map={"Application": application},
            statistic=statistic,
            period=MINUTE,
        )

    def kafka(name: str, statistic: str = "Maximum", **dimensions: str) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace="AWS/Kafka",
            metric_name=name,
            dimensions_map={"Cluster Name": cluster, **dimensions},
            statistic=statistic,
            period=MINUTE,
        )

    def lag(name: str) -> cloudwatch.IMetric:
        """The largest of all topics that the job reads."""
        each = {
            f"{name.lower()}_{_id(topic.name)}": kafka(name, **{"Consumer Group": group_id, "Topic": topic.name})
            for topic in job.reads
        }
        if len(each) == 1:
            return next(iter(each.values()))
        return cloudwatch.MathExpression(expression="MAX(METRICS())", using_metrics=each, label=name, period=MINUTE)

    def worst_broker(name: str) -> cloudwatch.IMetric:
        each = {f"{name.lower()}{n}": kafka(name, **{"Broker ID": str(n)}) for n in range(1, settings.size.brokers + 1)}
        return cloudwatch.MathExpression(expression="MAX(METRICS())", using_metrics=each, label=name, period=MINUTE)

    def received(topic: str) -> cloudwatch.IMetric:
        each = {
            f"{_id(topic)}{n}": kafka("MessagesInPerSec", "Average", **{"Broker ID": str(n), "Topic": topic})
            for n in range(1, settings.size.brokers + 1)
        }
        return cloudwatch.MathExpression(
            expression=f"SUM([{', '.join(each)}])", using_metrics=each, label=topic, period=MINUTE
        )

    def share(topic: str, label: str, *, of: str = RAW.name) -> cloudwatch.IMetric:
        part = _id(topic)
        return cloudwatch.MathExpression(
            expression=f"100 * {part} / whole",
            using_metrics={part: received(topic), "whole": received(of)},
            label=label,
            period=MINUTE,
        )

    def input_events() -> cloudwatch.IMetric:
        each = {_id(topic.name): received(topic.name) for topic in job.reads}
        if len(each) == 1:
            return next(iter(each.values()))
        return cloudwatch.MathExpression(
            expression=f"SUM([{', '.join(each)}])", using_metrics=each, label="events read", period=MINUTE
        )

    def cached(name: str) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace="AWS/ElastiCache",
            metric_name=name,
            dimensions_map={"ReplicationGroupId": foundation.cache.ref},
            statistic="Sum" if name.startswith("Cache") else "Maximum",
            period=MINUTE,
        )

    def own(name: str) -> cloudwatch.IMetric:
        """The largest value of all tasks. A metric of the job's own has the tasks' names among its dimensions."""
        worst = f'SELECT MAX({name}) FROM "AWS/KinesisAnalytics"'  # noqa: S608  # CloudWatch's, of constants
        of_job = f"{worst} WHERE Application = '{application}'"
        return cloudwatch.MathExpression(expression=of_job, using_metrics={}, label=name, period=MINUTE)

    target = foundation.lookup.target.metrics
    return Metrics(
        restarts=cloudwatch.MathExpression(
            expression="DIFF(restarts)",
            using_metrics={"restarts": flink("fullRestarts")},
            label="restarts",
            period=MINUTE,
        ),
        downtime=flink("downtime"),
        failed_checkpoints=cloudwatch.MathExpression(
            expression="DIFF(failed)",
            using_metrics={"failed": flink("numberOfFailedCheckpoints")},
            label="failed checkpoints",
            period=MINUTE,
        ),
        checkpoint_ms=flink("lastCheckpointDuration"),
        lag_events=lag("SumOffsetLag"),
        lag_s=lag("EstimatedMaxTimeLag"),
        watermark_lag_s=cloudwatch.MathExpression(
            expression="EPOCH(watermark) - watermark / 1000",
            using_metrics={"watermark": flink("currentOutputWatermark", "Minimum")},
            label="watermark lag, s",
            period=MINUTE,
        ),
        late_share=share(LATE.name, "late, %"),
        failed_share=share(FAILED.name, "failed, %"),
        too_late_share=share(SESSIONS_LATE.name, "too late for a session, %", of=SESSIONIZED.name),
        lookup_p99_s=target.target_response_time(statistic="p99", period=MINUTE),
        lookup_errors=cloudwatch.MathExpression(
            expression="FILL(target, 0) + FILL(connection, 0)",
            using_metrics={
                "target": target.http_code_target(
                    code=elb.HttpCodeTarget.TARGET_5XX_COUNT, statistic="Sum", period=MINUTE
                ),
                "connection": target.target_connection_error_count(statistic="Sum", period=MINUTE),
            },
            label="lookup errors",
            period=MINUTE,
        ),
        opt_outs_age_ms=own("suppression_age_ms"),
        opt_outs_lost=own("suppression_store_lost"),
        opt_outs_skipped=own("suppression_skipped"),
        opt_outs_memory=cloudwatch.Metric(
            namespace="AWS/MemoryDB",
            metric_name="DatabaseMemoryUsagePercentage",
            dimensions_map={"ClusterName": foundation.opt_outs.ref},
            statistic="Maximum",
            period=MINUTE,
        ),
        cache_hit_ratio=cloudwatch.MathExpression(
            expression="100 * hits / (hits + misses)",
            using_metrics={"hits": cached("CacheHits"), "misses": cached("CacheMisses")},
            label="cache hits, %",
            period=MINUTE,
        ),
        store_behind_ms=own("store_behind_ms"),
        job_cpu=flink("containerCPUUtilization"),
        job_heap=flink("heapMemoryUtilization"),
        kafka_cpu=worst_broker("CpuUser"),
        kafka_disk=worst_broker("KafkaDataLogsDiskUsed"),
        lookup_cpu=foundation.lookup.service.metric_cpu_utilization(period=MINUTE, statistic="Maximum"),
        cache_cpu=cached("EngineCPUUtilization"),
        input_events=input_events(),
    )


def _id(topic: str) -> str:
    """The topic as an id in an expression: ``clickstream.enriched.analytics.v1`` is ``enriched_analytics``."""
    return "_".join(topic.split(".")[1:-1])
