"""Requests of the lookup engine as spans, with a real client, a server and a collector."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from opentelemetry.trace import SpanContext

from assurance.servers.otlp import OtlpServer, otlp_server
from contracts.purposes.model import EVERYTHING
from core.fragments import FragmentBuilder
from core.lookups.lookup_results import LookupResults
from enrichment_job.config import LookupConfig, TracingConfig
from enrichment_job.lookups.engine import LookupEngine
from enrichment_job.tracing.event_trace import event_trace
from enrichment_job.tracing.job_tracing import JobTracing
from tests.core.samples import raw
from tests.enrichment_job.lookups.lookup_server import LookupServer

pytestmark = pytest.mark.slow


@contextmanager
def traced() -> Iterator[tuple[OtlpServer, LookupServer, JobTracing, LookupEngine]]:
    with otlp_server() as collector, LookupServer() as server:
        tracing = JobTracing(TracingConfig(endpoint=f"{collector.url}/", timeout_ms=5_000))
        config = LookupConfig(url=server.url, linger_ms=50, request_timeout_ms=2_000)
        engine = LookupEngine(config, LookupResults(FragmentBuilder((EVERYTHING,))), traces=tracing.lookups)
        yield collector, server, tracing, engine
        engine.close()
        tracing.close()


def _event(number: int) -> SpanContext:
    trace = event_trace(raw({"traceparent": f"00-{number:032x}-{number:016x}-01"}), number)
    assert trace is not None
    return trace.own


def _ask(engine: LookupEngine, tracing: JobTracing, event: SpanContext | None, *keys: str) -> None:
    """Wait for nothing."""
    if event is None:
        for key in keys:
            engine.ask("user", key, time.monotonic())
    else:
        with tracing.lookups.asking(event):
            _ask(engine, tracing, None, *keys)


def _until_completed(engine: LookupEngine, batches: int) -> None:
    deadline = time.monotonic() + 5
    while engine.counts.completed_batches < batches:
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_a_batch_is_one_span_of_all_sampled_events_that_asked() -> None:
    with traced() as (collector, server, tracing, engine):
        first, second, third = (_event(number) for number in (1, 2, 3))
        _ask(engine, tracing, None, "a")
        _ask(engine, tracing, first, "b", "c")
        _ask(engine, tracing, second, "b")  # on its way already
        _ask(engine, tracing, third, "d")
        _until_completed(engine, 1)
        _ask(engine, tracing, first, "a", "b")  # in memory: no request
        requests = [tracing.lookups.requests_of(event) for event in (first, second, third)]
    (span,) = collector.spans
    assert (span.trace_id, span.parent_id) == (f"{1:032x}", f"{first.span_id:016x}")
    assert span.links == {(f"{n:032x}", f"{event.span_id:016x}") for n, event in ((2, second), (3, third))}
    assert span.attributes["clickstream.lookup.keys"] == 4
    assert server.traceparents == [f"00-{span.trace_id}-{span.span_id}-01"]
    assert {f"{context.span_id:016x}" for found in requests for context in found} == {span.span_id}
    assert [len(found) for found in requests] == [1, 1, 1]
    assert tracing.lookups.requests_of(first) == [], "asked for once"


def test_nobody_sampled_nothing_sent() -> None:
    with traced() as (collector, server, tracing, engine):
        _ask(engine, tracing, None, "a", "b")
        _until_completed(engine, 1)
    assert collector.spans == []
    assert server.traceparents == [None]


def test_a_request_that_fails_is_an_error() -> None:
    with traced() as (collector, server, tracing, engine):
        server.reply = lambda keys: (400, [])
        _ask(engine, tracing, _event(1), "a")
        _until_completed(engine, 1)
    (span,) = collector.spans
    assert span.is_error
