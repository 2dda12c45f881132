"""One page for a job: does it run, is it behind, are its results right, is anything full."""

from collections.abc import Iterable, Mapping, Sequence

from aws_cdk import Stack
from aws_cdk import aws_cloudwatch as cloudwatch

from deploy.cdk.metrics import Metrics
from deploy.cdk.settings import Settings
from deploy.job_spec import AlarmPart, JobSpec

_WIDTH = 6


Graph = tuple[str, AlarmPart, list[cloudwatch.IMetric]]
"""Title, the part that it belongs to, and what it shows."""


def dashboard(
    stack: Stack, settings: Settings, job: JobSpec, metrics: Metrics, alarms: Mapping[str, cloudwatch.Alarm]
) -> cloudwatch.Dashboard:
    """The job's alarms, and the graphs of the parts that its row names."""
    page = cloudwatch.Dashboard(stack, "Dashboard", dashboard_name=settings.named(job.name))
    page.add_widgets(cloudwatch.AlarmStatusWidget(title="Alarms", alarms=list(alarms.values()), width=4 * _WIDTH))
    for row in _rows(metrics):
        graphs = [
            cloudwatch.GraphWidget(title=title, left=left, width=_WIDTH)
            for title, part, left in row
            if part in job.alarms
        ]
        if graphs:
            page.add_widgets(*graphs)
    return page


def _rows(metrics: Metrics) -> Iterable[Sequence[Graph]]:
    yield (
        ("Restarts", "flink", [metrics.restarts]),
        ("Downtime, ms", "flink", [metrics.downtime]),
        ("Failed checkpoints", "flink", [metrics.failed_checkpoints]),
        ("Checkpoint, ms", "flink", [metrics.checkpoint_ms]),
    )
    yield (
        ("Raw events a second", "input", [metrics.input_events]),
        ("Lag, events", "flink", [metrics.lag_events]),
        ("Lag, s", "flink", [metrics.lag_s]),
        ("Watermark lag, s", "flink", [metrics.watermark_lag_s]),
    )
    yield (
        ("Late and failed, %", "outcomes", [metrics.late_share, metrics.failed_share]),
        ("Too late for a session, %", "sessions", [metrics.too_late_share]),
        ("Store of features behind, ms", "features", [metrics.store_behind_ms]),
        ("Lookup p99, s", "lookup", [metrics.lookup_p99_s]),
        ("Lookup errors", "lookup", [metrics.lookup_errors]),
        ("Cache hits, %", "lookup", [metrics.cache_hit_ratio]),
        ("Opt-outs: age, ms", "opt_outs", [metrics.opt_outs_age_ms]),
        ("Opt-outs: lost, skipped", "opt_outs", [metrics.opt_outs_lost, metrics.opt_outs_skipped]),
    )
    yield (
        ("Job, CPU and heap, %", "flink", [metrics.job_cpu, metrics.job_heap]),
        ("Kafka, CPU and disk, %", "kafka", [metrics.kafka_cpu, metrics.kafka_disk]),
        ("Lookup, CPU, %", "lookup", [metrics.lookup_cpu]),
        ("Cache, CPU, %", "lookup", [metrics.cache_cpu]),
        ("Opt-outs, memory, %", "opt_outs", [metrics.opt_outs_memory]),
    )
