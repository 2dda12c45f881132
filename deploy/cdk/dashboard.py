"""One page: is it running, is it behind, is it right, is it full."""

from collections.abc import Mapping, Sequence

from aws_cdk import Stack
from aws_cdk import aws_cloudwatch as cloudwatch

from deploy.cdk.metrics import Metrics
from deploy.cdk.settings import Settings

_WIDTH = 6


def dashboard(
    stack: Stack, settings: Settings, metrics: Metrics, alarms: Mapping[str, cloudwatch.Alarm]
) -> cloudwatch.Dashboard:
    page = cloudwatch.Dashboard(stack, "Dashboard", dashboard_name=settings.named("enrichment"))
    page.add_widgets(cloudwatch.AlarmStatusWidget(title="Alarms", alarms=list(alarms.values()), width=4 * _WIDTH))
    rows: Sequence[Mapping[str, Sequence[cloudwatch.IMetric]]] = (
        {
            "Restarts": [metrics.restarts],
            "Downtime, ms": [metrics.downtime],
            "Failed checkpoints": [metrics.failed_checkpoints],
            "Checkpoint, ms": [metrics.checkpoint_ms],
        },
        {
            "Raw events a second": [metrics.raw_events],
            "Lag, events": [metrics.lag_events],
            "Lag, s": [metrics.lag_s],
            "Watermark lag, s": [metrics.watermark_lag_s],
        },
        {
            "Late and failed, %": [metrics.late_share, metrics.failed_share],
            "Lookup p99, s": [metrics.lookup_p99_s],
            "Lookup errors": [metrics.lookup_errors],
            "Cache hits, %": [metrics.cache_hit_ratio],
            "Opt-outs: age, ms": [metrics.opt_outs_age_ms],
            "Opt-outs: lost, skipped": [metrics.opt_outs_lost, metrics.opt_outs_skipped],
        },
        {
            "Job, CPU and heap, %": [metrics.job_cpu, metrics.job_heap],
            "Kafka, CPU and disk, %": [metrics.kafka_cpu, metrics.kafka_disk],
            "Lookup, CPU, %": [metrics.lookup_cpu],
            "Cache, CPU, %": [metrics.cache_cpu],
            "Opt-outs, memory, %": [metrics.opt_outs_memory],
        },
    )
    for row in rows:
        page.add_widgets(
            *(cloudwatch.GraphWidget(title=title, left=list(left), width=_WIDTH) for title, left in row.items())
        )
    return page
