"""The trace of one event: whose child its span is, and the span's own id. Pure."""

from hashlib import blake2b
from typing import NamedTuple

import msgspec
from opentelemetry.trace import SpanContext

from common.telemetry.context import sampled_context
from contracts.events.raw import TRACEPARENT, TraceFields

_MARK = f'"{TRACEPARENT}"'.encode()
_decode = msgspec.json.Decoder(TraceFields).decode


class EventTrace(NamedTuple):
    parent: SpanContext
    """The sender's span."""
    own: SpanContext
    """The span ``enrich``."""


def event_trace(raw: bytes, collector_tstamp: int) -> EventTrace | None:
    """None for an event that is not sampled, or whose context cannot be read: a bad context does not make a bad event.

    :param collector_tstamp: the Kafka record's timestamp, ms since 1970 UTC. It tells equal records apart.
    """
    if _MARK not in raw:
        return None
    try:
        text = _decode(raw).traceparent
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    parent = None if text is None else sampled_context(text)
    if parent is None:
        return None
    span_id = int.from_bytes(blake2b(raw, digest_size=8, key=collector_tstamp.to_bytes(8, "little")).digest())
    own = SpanContext(parent.trace_id, span_id or 1, is_remote=False, trace_flags=parent.trace_flags)
    return EventTrace(parent, own)
