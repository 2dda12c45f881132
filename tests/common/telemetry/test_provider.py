"""Exporting spans to a collector, and to collectors that hang or are down."""

import logging
import threading

import pytest
import structlog
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import use_span

from assurance.servers.otlp import otlp_server
from common.telemetry.context import sampled_context, traceparent_of
from common.telemetry.environment import ENDPOINTS, is_on, open_tracing
from common.telemetry.logs import add_trace_ids
from common.telemetry.provider import Tracing
from local_stack.processes.ports import free_port

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.mark.slow
def test_close_sends_the_queued_spans() -> None:
    with otlp_server() as collector:
        tracing = Tracing("tested", endpoint=f"{collector.url}/v1/traces")
        tracing.tracer.start_span("one").end()
        tracing.close(wait_s=20)
    assert [(span.service, span.name) for span in collector.spans] == [("tested", "one")]


@pytest.mark.slow
def test_a_hanging_collector_blocks_nothing() -> None:
    with otlp_server(hangs=True) as collector:
        tracing = Tracing("tested", endpoint=f"{collector.url}/v1/traces", delay_ms=10)
        for _ in range(5_000):  # more than the queue holds
            tracing.tracer.start_span("one").end()
        tracing.close(wait_s=0.2)
        assert collector.requests == 1, "the first request is not answered yet"
        assert not collector.release.is_set()
        # The exporter tries again for half a minute, with Python's random numbers, which other tests must not see used.
        collector.release.set()
        for thread in threading.enumerate():
            if thread.name == "tracing-close":
                thread.join(20)
                assert not thread.is_alive()


def test_an_unreachable_collector_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    tracing = Tracing("tested", endpoint=f"http://127.0.0.1:{free_port()}/v1/traces", timeout_s=0.2)
    tracing.tracer.start_span("one").end()
    with caplog.at_level(logging.ERROR):
        tracing.close(wait_s=20)
    assert "Failed to export" in caplog.text


@pytest.mark.parametrize(
    ("variables", "on"),
    [
        ({}, False),
        ({ENDPOINTS[0]: ""}, False),
        ({ENDPOINTS[0]: "http://c"}, True),
        ({ENDPOINTS[1]: "http://c/v1/traces"}, True),
        ({ENDPOINTS[0]: "http://c", "OTEL_SDK_DISABLED": "true"}, False),
        ({ENDPOINTS[0]: "http://c", "OTEL_TRACES_EXPORTER": "none"}, False),
    ],
)
def test_the_environment_switches_tracing_on(
    variables: dict[str, str], on: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (*ENDPOINTS, "OTEL_SDK_DISABLED", "OTEL_TRACES_EXPORTER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert is_on() is on
    tracing = open_tracing("tested")
    assert (tracing is not None) is on
    if tracing is not None:
        tracing.close()


def test_a_context_survives_the_conversion_to_text() -> None:
    context = sampled_context(PARENT)
    assert context is not None
    assert traceparent_of(context) == PARENT


@pytest.mark.parametrize(
    "text",
    [
        "",
        "00",
        PARENT[:-2] + "00",
        PARENT.upper(),
        "ff" + PARENT[2:],
        PARENT.replace("b7ad6b7169203331", "0" * 16),
        f"{PARENT}-more",
        "00-é",
    ],
)
def test_an_unsampled_or_invalid_context_is_none(text: str) -> None:
    assert sampled_context(text) is None


def test_log_lines_have_the_current_spans_ids() -> None:
    logged = structlog.testing.CapturingLogger()
    log = structlog.wrap_logger(logged, processors=[add_trace_ids, structlog.processors.JSONRenderer(sort_keys=True)])
    log.info("before")
    span = TracerProvider(shutdown_on_exit=False).get_tracer("t").start_span("s")
    with use_span(span, end_on_exit=True):
        log.info("inside")
    context = span.get_span_context()
    assert [call.args[0] for call in logged.calls] == [
        '{"event": "before"}',
        f'{{"event": "inside", "span_id": "{context.span_id:016x}", "trace_id": "{context.trace_id:032x}"}}',
    ]
