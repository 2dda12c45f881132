"""Spans of the sampled records of a run, and metrics of all records."""

import json
import time
from collections.abc import Iterator
from urllib.request import urlopen

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from assurance.servers.otlp import otlp_server
from common.cli.metrics_server import serving
from producers.delivery.kafka_sink import ProduceSettings, produce
from producers.delivery.metrics import ProducerMetrics
from producers.delivery.traces import with_context
from producers.record import Record
from tests.producers.broker import Broker, running_broker

LATE = Record(b'{"a":1}', 5, "late")
TOO_LONG = Record(b"b" * (3 * 1024 * 1024), 6, "oversized")


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    with running_broker() as running:
        yield running


def _figures(port: int) -> dict[tuple[str, ...], float]:
    with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        text = answer.read().decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_metrics_of_a_run(broker: Broker) -> None:
    metrics = ProducerMetrics()
    records = [Record(b'{"a":%d}' % n, n + 1) for n in range(300)]
    began = time.monotonic()
    with serving(metrics.registry, 0) as port:
        report = produce(
            [*records, LATE, TOO_LONG], ProduceSettings(bootstrap_servers=broker.servers, topic="metrics"), metrics
        )
        found = _figures(port)
    assert (report.delivered, report.failed) == (301, 1)
    assert found["producer_records_sent_total", "event"] == found["producer_records_delivered_total", "event"] == 300
    assert found["producer_records_delivered_total", "late"] == 1
    assert found["producer_records_failed_total", "oversized", "MSG_SIZE_TOO_LARGE"] == 1
    assert found["producer_value_bytes_total",] == report.value_bytes
    assert found["producer_delivery_seconds_count",] == 301
    assert 0 < found["producer_delivery_seconds_sum",] < 301 * (time.monotonic() - began)
    assert found["producer_queue_records",] == 0


def test_failed_deliveries_have_a_reason() -> None:
    metrics = ProducerMetrics()
    with running_broker() as broker:
        settings = ProduceSettings(bootstrap_servers=broker.servers, topic="failing")
        report = produce([TOO_LONG, LATE], settings, metrics)
    assert report.failed == 1
    with serving(metrics.registry, 0) as port:
        assert ("producer_records_failed_total", "oversized", "MSG_SIZE_TOO_LARGE") in _figures(port)


def test_sampled_records_have_their_trace_context_in_header_and_value(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    brought = Record(with_context(b'{"number":1000}', own.encode()), 7)
    with otlp_server() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        monkeypatch.setenv("OTEL_TRACES_SAMPLER", "traceidratio")
        monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.25")
        records = [Record(b'{"number":%d}' % n, n + 1) for n in range(400)]
        settings = ProduceSettings(bootstrap_servers=broker.servers, topic="traced")
        assert produce([*records, brought], settings).delivered == 401
    messages = {json.loads(message.value())["number"]: message for message in broker.read("traced", 401)}
    assert json.loads(messages.pop(1000).value())["traceparent"] == own, "it keeps the one that it came with"
    traced = {number for number, message in messages.items() if message.headers()}
    assert 50 < len(traced) < 150
    assert traced == {number for number, message in messages.items() if b"traceparent" in message.value()}
    contexts = {msgspec.json.decode(messages[number].value())["traceparent"] for number in traced}
    assert contexts == {value.decode() for number in traced for name, value in messages[number].headers()}
    assert contexts == {f"00-{span.trace_id}-{span.span_id}-03" for span in collector.spans}
    assert {(span.name, span.is_error) for span in collector.spans} == {("send traced", False)}
    assert all(span.seconds > 0 for span in collector.spans)


def test_the_span_of_a_failed_record_has_the_reason(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    with otlp_server() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        produce([TOO_LONG], ProduceSettings(bootstrap_servers=broker.servers, topic="traced"))
    (span,) = collector.spans
    assert span.is_error
    assert span.attributes["clickstream.record_kind"] == "oversized"
