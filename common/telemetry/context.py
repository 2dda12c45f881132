"""W3C trace context as text, as it is in a raw event, in Kafka headers and in HTTP headers."""

from opentelemetry.propagators.textmap import Getter
from opentelemetry.trace import NonRecordingSpan, SpanContext, get_current_span, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from contracts.events.raw import TRACEPARENT

_W3C = TraceContextTextMapPropagator()


class _OneText(Getter[str]):
    """Reads the context from a carrier that is the traceparent itself."""

    def get(self, carrier: str, key: str) -> list[str] | None:
        return [carrier] if key == TRACEPARENT else None

    def keys(self, carrier: str) -> list[str]:
        return [TRACEPARENT]


_ONE_TEXT = _OneText()


def sampled_context(traceparent: str) -> SpanContext | None:
    """The sender's span context if it is sampled; None if it is not, or the text is not a valid traceparent."""
    found = get_current_span(_W3C.extract(traceparent, getter=_ONE_TEXT)).get_span_context()
    return found if found.is_valid and found.trace_flags.sampled else None


def traceparent_of(context: SpanContext) -> str:
    carrier: dict[str, str] = {}
    _W3C.inject(carrier, set_span_in_context(NonRecordingSpan(context)))
    return carrier[TRACEPARENT]
