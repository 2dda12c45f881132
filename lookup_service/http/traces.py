"""Spans of requests that carry a sampled trace context. A request without one gets no span and costs nothing."""

from collections.abc import Iterable
from http import HTTPStatus

from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    StatusCode,
    Tracer,
    get_current_span,
    set_span_in_context,
    use_span,
)
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common.telemetry.context import sampled_context
from contracts.events.raw import TRACEPARENT
from contracts.lookup_api import enrich as enrichment
from contracts.lookup_api import features, inference, scores
from contracts.lookup_api import lookups as lookup
from contracts.security import risk
from lookup_service.metrics import Metrics, by_label
from lookup_service.resolving.caching.entry import Entry

_HEADER = TRACEPARENT.encode()
_ROUTES = (
    lookup.PATH,
    enrichment.PATH,
    features.PATH,
    risk.PATH,
    scores.PATH,
    scores.MODELS_PATH,
    inference.PATH,
    "/v1/cache",
    "/healthz",
    "/readyz",
    "/metrics",
)


class Traces:
    """Wraps the admission middleware, so that rejected requests are traced too."""

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        self._app = app
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        parent = _parent(scope)
        if parent is None:
            await self._app(scope, receive, send)
            return
        method, route = scope["method"], _route(scope["path"])
        span = self._tracer.start_span(
            f"{method} {route}",
            set_span_in_context(NonRecordingSpan(parent)),
            SpanKind.SERVER,
            {"http.request.method": method, "http.route": route},
        )

        async def send_and_record(message: Message) -> None:
            if message["type"] == "http.response.start":
                span.set_attribute("http.response.status_code", message["status"])
                if message["status"] >= HTTPStatus.INTERNAL_SERVER_ERROR:
                    span.set_status(StatusCode.ERROR)
            await send(message)

        # The span records only that there was an exception: its message may contain a key.
        with use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            try:
                await self._app(scope, receive, send_and_record)
            except Exception:
                span.set_status(StatusCode.ERROR)
                raise


class TracedMetrics(Metrics):
    """Also adds the counts of a lookup to the request's span."""

    def record_lookup(self, entries: Iterable[Entry], *, seconds: float) -> None:
        entries = list(entries)
        super().record_lookup(entries, seconds=seconds)
        span = get_current_span()
        if span.is_recording():
            for label, count in by_label(entries).items():
                span.set_attribute(f"clickstream.lookup.{label.replace(' ', '.')}", count)


def _parent(scope: Scope) -> SpanContext | None:
    for name, value in scope["headers"]:
        if name == _HEADER:
            return sampled_context(value.decode("latin-1"))
    return None


def _route(path: str) -> str:
    """The route only, without the rest of the path, which may be a key or an id."""
    return next((route for route in _ROUTES if path == route or path.startswith(f"{route}/")), "other")
