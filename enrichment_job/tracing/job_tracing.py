"""What a process has for its spans: one exporter, opened and closed with the stage."""

from typing import Literal

from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased

from common.flink.metrics import MetricGroup
from common.log_bridge import errors_to_stderr
from common.telemetry.provider import Tracing
from enrichment_job.config import TracingConfig
from enrichment_job.metric_names import CounterName
from enrichment_job.tracing.event_traces import EventTraces
from enrichment_job.tracing.lookup_traces import LookupTraces
from enrichment_job.tracing.noted_counters import NotedCounters
from enrichment_job.tracing.span_ids import SpanIds

_PATH = "/v1/traces"
_DELAY_MS = 1_000


class JobTracing:
    """The sender alone decides what is sampled: the job begins no trace of its own."""

    def __init__(self, config: TracingConfig) -> None:
        errors_to_stderr("opentelemetry")  # a dead collector should be seen somewhere
        self.ids = SpanIds()
        self._tracing = Tracing(
            config.service_name,
            sampler=ParentBased(ALWAYS_OFF),
            endpoint=config.endpoint.rstrip("/") + _PATH,
            timeout_s=config.timeout_ms / 1000,
            delay_ms=_DELAY_MS,
            ids=self.ids,
        )
        self.tracer = self._tracing.tracer
        self.lookups = LookupTraces(self.tracer)

    def of_function(
        self, group: MetricGroup, path: Literal["hot", "cold"], *names: CounterName
    ) -> tuple[NotedCounters, EventTraces]:
        """Counters, and the traces that read them."""
        count = NotedCounters(group, *names)
        return count, EventTraces(self, count, path)

    def close(self) -> None:
        self._tracing.close()
