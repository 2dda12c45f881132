"""Spans of the records that the sampler selects. They are the root spans of the pipeline's traces."""

from typing import NamedTuple

from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer

from common.telemetry.context import traceparent_of
from contracts.events.raw import MAX_BYTES, TRACEPARENT
from producers.record import Record

_KEY = f'"{TRACEPARENT}"'.encode()


class TracedRecord(NamedTuple):
    value: bytes
    headers: list[tuple[str, bytes]]
    span: Span
    """From the client to the broker's acknowledgement; end it with :func:`end`."""


class ProducerTraces:
    def __init__(self, tracer: Tracer, topic: str) -> None:
        self._tracer = tracer
        self._topic = topic

    def begin(self, record: Record) -> TracedRecord | None:
        """Starts the record's span. None if the record is not sampled or already has a trace context."""
        if _KEY in record.value:
            return None
        attributes = {
            "messaging.system": "kafka",
            "messaging.destination.name": self._topic,
            "clickstream.record_kind": record.kind,
        }
        span = self._tracer.start_span(f"send {self._topic}", kind=SpanKind.PRODUCER, attributes=attributes)
        if not span.is_recording():
            return None
        text = traceparent_of(span.get_span_context()).encode()
        return TracedRecord(with_context(record.value, text), [(TRACEPARENT, text)], span)


def end(span: Span, failure: str | None) -> None:
    """``failure`` is the client library's name of the error, None for a delivered record."""
    if failure is not None:
        span.set_status(StatusCode.ERROR, failure)
    span.end()


def with_context(value: bytes, traceparent: bytes) -> bytes:
    """The event with the trace context as its first key. Unchanged if it is no JSON object or would become too long."""
    if value[:1] != b"{" or not value[1:].lstrip().startswith(b'"'):
        return value
    traced = b'{%b:"%b",%b' % (_KEY, traceparent, value[1:])
    return traced if len(traced) <= MAX_BYTES else value
