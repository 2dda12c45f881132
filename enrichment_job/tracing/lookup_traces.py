"""Spans of requests to the lookup service. One request serves many events: its span is a child of the first sampled
event that needs it and is linked with the other sampled ones, and their spans are linked with it.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    StatusCode,
    Tracer,
    set_span_in_context,
)

from common.telemetry.context import traceparent_of
from contracts.events.raw import TRACEPARENT
from contracts.lookup_api.lookups import PATH, LookupKey, LookupResult
from core.lookups.pending_lookup import PendingLookup
from core.lookups.protocols import Client, Failed
from enrichment_job.lookups.client import MORE_HEADERS

_MOST_REMEMBERED = 10_000
"""Most events whose requests are remembered until the event leaves. An event that leaves in another process would stay
for ever."""


class LookupTraces:
    """The tasks' threads call :meth:`asked`, the event loop's thread calls :meth:`request`. There is no lock between
    them: a lost race costs one link.
    """

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._here = threading.local()
        self._requests: dict[int, list[SpanContext]] = {}

    @contextmanager
    def asking(self, event: SpanContext) -> Iterator[None]:
        """Lookups that this thread asks for inside of the block are for that event.

        :param event: the context of the event's span.
        """
        self._here.event = event
        try:
            yield
        finally:
            self._here.event = None

    def asked(self, pending: PendingLookup) -> None:
        """An event asked for this lookup, which is under way or about to be."""
        event: SpanContext | None = getattr(self._here, "event", None)
        if event is not None:
            pending.asked_by = (*pending.asked_by, event)

    async def request(
        self, client: Client, keys: Sequence[LookupKey], batch: Sequence[PendingLookup], budget_s: float
    ) -> list[LookupResult] | Failed:
        """Send the request, with a span where a sampled event needs it."""
        events = list({event.span_id: event for pending in batch for event in pending.asked_by}.values())
        if not events:
            return await client.lookup(keys, budget_s)
        first, *others = events
        span = self._tracer.start_span(
            f"POST {PATH}",
            set_span_in_context(NonRecordingSpan(first)),
            SpanKind.CLIENT,
            {"http.request.method": "POST", "url.path": PATH, "clickstream.lookup.keys": len(keys)},
            [Link(event) for event in others],
        )
        context = span.get_span_context()
        for event in events:
            self._remember(event, context)
        token = MORE_HEADERS.set({TRACEPARENT: traceparent_of(context)})
        results: list[LookupResult] | Failed = "error"
        try:
            results = await client.lookup(keys, budget_s)
        finally:
            MORE_HEADERS.reset(token)
            if isinstance(results, str):
                span.set_status(StatusCode.ERROR, results)
            span.end()
        return results

    def requests_of(self, event: SpanContext) -> list[SpanContext]:
        """Contexts of the requests for an event that leaves. They are forgotten afterwards."""
        return self._requests.pop(event.span_id, [])

    def _remember(self, event: SpanContext, request: SpanContext) -> None:
        if len(self._requests) >= _MOST_REMEMBERED:
            self._requests.pop(next(iter(self._requests)), None)
        self._requests.setdefault(event.span_id, []).append(request)
