"""The span ``enrich`` of every sampled event that a function lets go, and the header on its records."""

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Literal, TypeVar

from opentelemetry.trace import Link, NonRecordingSpan, SpanKind, StatusCode, set_span_in_context

from common.flink.side_outputs import Output
from common.telemetry.context import traceparent_of
from contracts.events.raw import TRACEPARENT
from contracts.fixed_topics import RAW
from core.decode import readable_event_id
from enrichment_job.metric_names import CounterName
from enrichment_job.tracing.event_trace import EventTrace, event_trace
from enrichment_job.tracing.noted_counters import NotedCounters

if TYPE_CHECKING:
    from enrichment_job.tracing.job_tracing import JobTracing

_HEADERS = 4
"""The column of :func:`common.flink.side_outputs.record_type`."""
_OUTCOMES: tuple[tuple[CounterName, str], ...] = (
    ("events_failed", "failed"),
    ("events_late", "late"),
    ("events_partial", "partial"),
    ("events_enriched", "enriched"),
    ("events_suppressed", "suppressed"),
)
"""The first that was counted is what became of the event."""
_Answers = TypeVar("_Answers")


class EventTraces:
    """Of one function instance, whose counters tell what became of an event."""

    def __init__(self, tracing: "JobTracing", count: NotedCounters, path: Literal["hot", "cold"]) -> None:
        self._tracer, self._ids, self._lookups = tracing.tracer, tracing.ids, tracing.lookups
        self._count = count
        self._path = path

    def asking(self, raw: bytes, collector_tstamp: int, ask: Callable[[], _Answers]) -> _Answers:
        """What ``ask`` answers; requests that it starts are the event's."""
        trace = event_trace(raw, collector_tstamp)
        if trace is None:
            return ask()
        with self._lookups.asking(trace.own):
            return ask()

    def leaving(
        self, raw: bytes, collector_tstamp: int, outputs: Iterable[Output], *, etl_tstamp: int | None = None
    ) -> Iterable[Output]:
        """The outputs of one event. A parked one is not leaving yet: its span is made by the cold path, which knows
        when it was first seen.
        """
        trace = event_trace(raw, collector_tstamp)
        if trace is None:
            return outputs
        began_ns = time.time_ns() if etl_tstamp is None else etl_tstamp * 1_000_000
        noted = self._count.noted
        noted.clear()
        with self._lookups.asking(trace.own):
            # All at once: while a generator rests, the thread may work on another event.
            produced = list(outputs)
        if "events_parked" in noted:
            return produced
        outcome = next((each for name, each in _OUTCOMES if name in noted), "unwanted")
        self._span(trace, raw, collector_tstamp, began_ns, outcome)
        header = {TRACEPARENT: traceparent_of(trace.own).encode()}
        for output in produced:
            row = output[1] if isinstance(output, tuple) else output
            row[_HEADERS] = header
        return produced

    def _span(self, trace: EventTrace, raw: bytes, collector_tstamp: int, began_ns: int, outcome: str) -> None:
        ended_ns = time.time_ns()
        attributes: dict[str, str | int] = {
            "messaging.system": "kafka",
            "messaging.destination.name": RAW.name,
            "clickstream.outcome": outcome,
            "clickstream.path": self._path,
            "clickstream.kafka_wait_ms": began_ns // 1_000_000 - collector_tstamp,
            "clickstream.lookup_wait_ms": (ended_ns - began_ns) // 1_000_000 if self._path == "cold" else 0,
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
                start_time=began_ns,
            )
        if outcome == "failed":
            span.set_status(StatusCode.ERROR)
        span.end(ended_ns)
