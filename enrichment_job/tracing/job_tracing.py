"""Tracing of one worker process: the exporter, and what it wraps around lookups and outcomes."""

from collections.abc import Mapping
from typing import Literal

from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased

from common.log_bridge import errors_to_stderr
from common.telemetry.provider import Tracing
from core.fragments import FragmentBuilder
from core.lookups.enrichment_lookup import EnrichmentLookup
from core.lookups.protocols import Derive, Engine
from enrichment_job.config import TracingConfig
from enrichment_job.metric_names import CounterName
from enrichment_job.output.outcome_writer import OutcomeWriter, WriterGroup
from enrichment_job.tracing.lookup_traces import LookupTraces
from enrichment_job.tracing.span_ids import SpanIds
from enrichment_job.tracing.traced_enrichment_lookup import TracedEnrichmentLookup
from enrichment_job.tracing.traced_outcome_writer import TracedOutcomeWriter

_PATH = "/v1/traces"
_DELAY_MS = 1_000


class JobTracing:
    """Opened and closed with the worker runtime. The sender alone decides what is sampled: the job begins no trace of
    its own.
    """

    def __init__(self, config: TracingConfig) -> None:
        errors_to_stderr("opentelemetry")  # a dead collector should be seen somewhere
        self._ids = SpanIds()
        self._tracing = Tracing(
            config.service_name,
            sampler=ParentBased(ALWAYS_OFF),
            endpoint=config.endpoint.rstrip("/") + _PATH,
            timeout_s=config.timeout_ms / 1000,
            delay_ms=_DELAY_MS,
            ids=self._ids,
        )
        self.lookups = LookupTraces(self._tracing.tracer)

    def enrichment_lookup(
        self,
        engine: Engine,
        builder: FragmentBuilder,
        derived: Mapping[str, Derive],
        subject_keys: Engine | None = None,
    ) -> EnrichmentLookup:
        return TracedEnrichmentLookup(self.lookups, engine, builder, derived, subject_keys)

    def outcome_writer(self, group: WriterGroup, path: Literal["hot", "cold"], *names: CounterName) -> OutcomeWriter:
        return TracedOutcomeWriter(self._tracing.tracer, self._ids, self.lookups, group, path, *names)

    def close(self) -> None:
        self._tracing.close()
