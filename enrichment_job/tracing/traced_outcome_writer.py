"""The outcome writer with traces: the span ``enrich`` of every sampled event, and the header on its records."""

import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from opentelemetry.trace import Link, NonRecordingSpan, SpanKind, StatusCode, Tracer, set_span_in_context

from common.telemetry.context import traceparent_of
from contracts.events.raw import TRACEPARENT
from contracts.fixed_topics import RAW
from core.decode import readable_event_id
from enrichment_job.metric_names import CounterName
from enrichment_job.output.outcome_writer import OutcomeWriter, WriterGroup
from enrichment_job.output.outcomes import Enriched, Failed, Late, NoRecipients, Outcome, Pending, Suppressed
from enrichment_job.tracing.event_trace import EventTrace, event_trace
from enrichment_job.tracing.lookup_traces import LookupTraces
from enrichment_job.tracing.span_ids import SpanIds

_NAMES: Mapping[type[Outcome], str] = MappingProxyType(
    {Enriched: "enriched", Failed: "failed", Late: "late", Suppressed: "suppressed", NoRecipients: "unwanted"}
)
"""Values of the span's attribute ``clickstream.outcome``; ``partial`` is another one."""


class TracedOutcomeWriter(OutcomeWriter):
    """A pending event gets no span and no header yet: it has its final outcome on the cold path, which also knows when
    the job first saw it.
    """

    def __init__(
        self,
        tracer: Tracer,
        ids: SpanIds,
        lookups: LookupTraces,
        group: WriterGroup,
        path: Literal["hot", "cold"],
        *names: CounterName,
    ) -> None:
        super().__init__(group, *names)
        self._tracer, self._ids, self._lookups = tracer, ids, lookups
        self._path = path

    def write(self, outcome: Outcome, raw: bytes, collector_tstamp: int, first_seen_ns: int, now_ms: int, /) -> None:
        trace = None if isinstance(outcome, Pending) else event_trace(raw, collector_tstamp)
        if trace is None:
            self._written(outcome, now_ms - collector_tstamp, None)
            return
        header = {TRACEPARENT: traceparent_of(trace.own).encode()}
        self._written(outcome, now_ms - collector_tstamp, header)
        self._span(trace, outcome, raw, collector_tstamp, first_seen_ns)

    def _span(self, trace: EventTrace, outcome: Outcome, raw: bytes, collector_tstamp: int, first_seen_ns: int) -> None:
        ended_ns = time.time_ns()
        attributes: dict[str, str | int] = {
            "messaging.system": "kafka",
            "messaging.destination.name": RAW.name,
            "clickstream.outcome": _name(outcome),
            "clickstream.path": self._path,
            "clickstream.kafka_wait_ms": first_seen_ns // 1_000_000 - collector_tstamp,
            "clickstream.lookup_wait_ms": (ended_ns - first_seen_ns) // 1_000_000 if self._path == "cold" else 0,
        }
        if (event_id := readable_event_id(raw)) is not None:
            attributes["clickstream.event_id"] = event_id
        with self._ids.next_is(trace.own.span_id):
            span = self._tracer.start_span(
                "enrich",
                set_span_in_context(NonRecordingSpan(trace.parent)),
                SpanKind.CONSUMER,
                attributes,
                [Link(request) for request in self._lookups.requests_of(trace.own)],
                start_time=first_seen_ns,
            )
        if isinstance(outcome, Failed):
            span.set_status(StatusCode.ERROR)
        span.end(ended_ns)


def _name(outcome: Outcome) -> str:
    return "partial" if isinstance(outcome, Enriched) and outcome.is_partial else _NAMES[type(outcome)]
