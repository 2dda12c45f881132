"""Traces through the whole pipeline into an OTLP endpoint; and endpoints that refuse connections or hang."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assurance.end_to_end.run import OUTPUTS
from assurance.servers.otlp import OtlpServer, SeenSpan, otlp_server
from common.kafka.topic_reader import read_whole
from contracts import topics
from contracts.events.raw import TRACEPARENT
from local_stack.lookup.geoip import ensure_city_database
from local_stack.lookup.service import LookupService
from local_stack.processes.ports import free_port
from local_stack.stack import LocalStack
from producers.synthetic.generator import GeneratorSettings, generate
from tests.core.samples import raw
from tests.integration.conftest import Pipeline
from tests.integration.pipeline_run import PipelineRun

PRODUCER, SERVER, CLIENT, CONSUMER = 4, 2, 3, 5
PRIVATE = ("81.2.69.142", "Firefox/130.0", "u0000", "d-1", "s-1")
TracedLookup = Callable[[OtlpServer], LookupService]


@pytest.fixture
def traced_lookup(stack: LocalStack, tmp_path: Path) -> Iterator[TracedLookup]:
    services: list[LookupService] = []

    def start(collector: OtlpServer) -> LookupService:
        service = LookupService(
            tmp_path,
            redis_url=stack.redis_url,
            profiles_path=stack.run_dir / "profiles.db",
            geoip_city_path=ensure_city_database(None),
            env={"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "200"},
        )
        services.append(service)
        service.start()
        return service

    yield start
    for service in services:
        service.stop()


def _event(number: int, **changes: str) -> bytes:
    actor = {"user_id": f"u{number:07d}", "domain_userid": "d-1", "user_ipaddress": PRIVATE[0], "useragent": PRIVATE[1]}
    return raw({"event_id": f"traced-{number:04d}", "actor": actor, **changes})


def _headers(run: PipelineRun) -> dict[str, dict[str, str]]:
    """Topic → event id → the record's ``traceparent`` header."""
    found: dict[str, dict[str, str]] = {topic: {} for topic in OUTPUTS}
    servers, start = run.stack.bootstrap_servers, run.output_start
    for message in read_whole(servers, OUTPUTS, isolation="read_committed", start=start):
        headers: list[tuple[str, bytes]] = message.headers() or []  # type: ignore[attr-defined]
        event_id = next(n for n in range(2_000) if f"traced-{n:04d}".encode() in (message.value() or b""))
        if headers:
            [(name, value)] = headers
            assert name == TRACEPARENT
            found[message.topic()][f"traced-{event_id:04d}"] = value.decode()
    return found


def _wait(done: Callable[[], bool], what: object) -> None:
    deadline = time.monotonic() + 20
    while not done():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def test_one_trace_from_the_producer_to_the_enriched_event(
    pipeline: Pipeline, traced_lookup: TracedLookup, monkeypatch: pytest.MonkeyPatch
) -> None:
    with otlp_server() as collector:
        lookup = traced_lookup(collector)
        run = pipeline({"tracing": {"endpoint": collector.url}, "lookup": {"url": lookup.url, "linger.ms": "100"}})
        run.send_values(_event(1))
        run.outcome()
        assert collector.spans == [], "not sampled"

        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        run.send_values(_event(2), _event(3))
        run.outcome()
        run.send_values(_event(2, event_id="traced-0004"), _event(5, platform="tv"))
        outcome = run.outcome()
        assert outcome.balance.balanced, outcome.balance
        _wait(lambda: sum(span.name == "enrich" for span in collector.spans) == 4, collector.spans)
        _wait(lambda: any(span.kind == SERVER for span in collector.spans), collector.spans)

        enriched: dict[str, SeenSpan] = {
            str(span.attributes["clickstream.event_id"]): span for span in collector.spans if span.name == "enrich"
        }
        assert enriched.keys() == {"traced-0002", "traced-0003", "traced-0004", "traced-0005"}
        for span in enriched.values():
            (sent,) = (each for each in collector.of(span.trace_id) if each.kind == PRODUCER)
            assert (span.parent_id, span.kind) == (sent.span_id, CONSUMER)
            assert sent.parent_id == ""
            assert (sent.service, span.service) == ("clickstream-producer", "clickstream-enrichment")
        outcomes = {
            key[-1]: (s.attributes["clickstream.path"], s.attributes["clickstream.outcome"])
            for key, s in enriched.items()
        }
        assert outcomes == {
            "2": ("cold", "enriched"),
            "3": ("cold", "enriched"),
            "4": ("hot", "enriched"),
            "5": ("hot", "failed"),
        }
        assert {key for key, span in enriched.items() if span.is_error} == {"traced-0005"}

        # One request for both events: in the trace of one of them, and linked with the other.
        (asked,) = (span for span in collector.spans if span.kind == CLIENT)
        (answered,) = (span for span in collector.spans if span.kind == SERVER)
        waited = {(s.trace_id, s.span_id): s for s in (enriched["traced-0002"], enriched["traced-0003"])}
        assert waited.keys() == {(asked.trace_id, asked.parent_id), *asked.links}
        assert all(span.links == {(asked.trace_id, asked.span_id)} for span in waited.values())
        assert (answered.trace_id, answered.parent_id) == (asked.trace_id, asked.span_id)
        assert answered.service == "clickstream-lookup"
        assert answered.attributes["clickstream.lookup.user.ok"] == 2
        assert answered.attributes["http.response.status_code"] == 200

        headers = _headers(run)
        assert headers[topics.ANALYTICS.name] == {
            key: f"00-{span.trace_id}-{span.span_id}-03" for key, span in enriched.items() if not span.is_error
        }
        assert headers[topics.FAILED.name].keys() == {"traced-0005"}
        for text in PRIVATE:
            assert text.encode() not in collector.raw, text


@pytest.mark.parametrize("failure", ["refuses", "hangs"])
def test_a_dead_collector_does_not_affect_the_job(pipeline: Pipeline, failure: str) -> None:
    with otlp_server(hangs=True) as collector:
        endpoint = collector.url if failure == "hangs" else f"http://127.0.0.1:{free_port()}"
        run = pipeline({"tracing": {"endpoint": endpoint}})
        context = b'{"traceparent":"00-%032x-%016x-01",'
        stream = generate(GeneratorSettings(events=6_000, users=2_000, listings=5_000))
        run.send(
            record.__class__(context % (n, n) + record.value[1:], record.timestamp_ms, record.kind)
            for n, record in enumerate(stream, 1)
        )
        balance = run.outcome().balance
        assert balance.balanced, balance
        assert run.restarts == 0
        if failure == "refuses":
            # The exporter retries for five seconds before it logs an error.
            _wait(lambda: bool(_export_errors(run)), "the exporter logs its error")
        # Stopping the job waits for its functions' close(), while the collector still holds a request.
        run.stop_with_savepoint()
        assert not collector.spans
        assert bool(collector.requests) == (failure == "hangs")
    if failure == "refuses":
        errors = _export_errors(run)
        assert errors
        # Flink's own lines begin with the time. Such a line would mean that the exporter's thread called into Java.
        assert all(line.startswith("opentelemetry.") for line in errors), errors
        assert not any("Transient error" in line for line in _task_manager_lines(run))


def _export_errors(run: PipelineRun) -> list[str]:
    return [line for line in _task_manager_lines(run) if "Failed to export" in line]


def _task_manager_lines(run: PipelineRun) -> list[str]:
    return [line for file in run.stack.logs.glob("taskmanager*") for line in file.read_text().splitlines()]
