"""The enrichment lookup with traces: requests that an event starts are linked with its span."""

from collections.abc import Mapping

from core.flat_event import EnrichmentResults, FlatEvent
from core.fragments import FragmentBuilder
from core.lookups.enrichment_lookup import EnrichmentLookup, PendingResults
from core.lookups.protocols import Derive, Engine
from enrichment_job.tracing.event_trace import event_trace
from enrichment_job.tracing.lookup_traces import LookupTraces


class TracedEnrichmentLookup(EnrichmentLookup):
    def __init__(
        self,
        traces: LookupTraces,
        engine: Engine,
        builder: FragmentBuilder,
        derived: Mapping[str, Derive],
        subject_keys: Engine | None = None,
    ) -> None:
        super().__init__(engine, builder, derived, subject_keys)
        self._traces = traces

    def get_cached(self, event: FlatEvent, now: float) -> EnrichmentResults | None:
        trace = event_trace(event.raw, event.fields.collector_tstamp)
        if trace is None:
            return super().get_cached(event, now)
        with self._traces.asking(trace.own):
            return super().get_cached(event, now)

    def get_or_pending(self, event: FlatEvent, now: float) -> PendingResults:
        trace = event_trace(event.raw, event.fields.collector_tstamp)
        if trace is None:
            return super().get_or_pending(event, now)
        with self._traces.asking(trace.own):
            return super().get_or_pending(event, now)
