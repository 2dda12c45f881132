"""Exports spans as OTLP over HTTP, in batches, from a thread of its own.

A slow or dead collector never blocks the caller: if the queue is full, spans are dropped.
"""

import os
import threading

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import Sampler

CLOSE_S = 2.0


class Tracing:
    """A tracer of one service. Settings that are not given come from OpenTelemetry's standard variables."""

    def __init__(
        self,
        service: str,
        *,
        sampler: Sampler | None = None,
        endpoint: str | None = None,
        timeout_s: float | None = None,
        delay_ms: float | None = None,
        ids: IdGenerator | None = None,
    ) -> None:
        """``endpoint``: the complete URL, such as ``http://127.0.0.1:4318/v1/traces``. ``delay_ms``: the longest time
        that a span waits in a batch.
        """
        name = os.environ.get("OTEL_SERVICE_NAME", service)
        provider = TracerProvider(
            sampler, Resource.create({"service.name": name}), shutdown_on_exit=False, id_generator=ids
        )
        self._processor = BatchSpanProcessor(
            OTLPSpanExporter(endpoint, timeout=timeout_s), schedule_delay_millis=delay_ms
        )
        provider.add_span_processor(self._processor)
        self.tracer = provider.get_tracer("clickstream")

    def close(self, wait_s: float = CLOSE_S) -> None:
        """Sends the queued spans, for at most ``wait_s``. The processor's own shutdown could take half a minute."""
        closing = threading.Thread(target=self._processor.shutdown, name="tracing-close", daemon=True)
        closing.start()
        closing.join(wait_s)
