"""Tracing wrapped around the outcome writer: the same counts and rows, and the span and header of sampled events."""

from typing import Any

import pytest

from assurance.servers.otlp import SeenSpan, otlp_server
from contracts.events.raw import TRACEPARENT
from enrichment_job.config import TracingConfig
from enrichment_job.output.outcome_writer import OutcomeWriter
from enrichment_job.output.outcomes import Enriched, Failed, Outcome, Pending
from enrichment_job.tracing.event_trace import event_trace
from enrichment_job.tracing.job_tracing import JobTracing
from tests.core.samples import raw
from tests.enrichment_job.lookups.lookup_server import LookupServer
from tests.enrichment_job.operators.fake_flink import MetricGroup, by_output
from tests.enrichment_job.operators.operator_run import NOW, OperatorRun, running, takers
from tests.enrichment_job.output.test_outcome_writer import CASES, FIRST, NAMES

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SAMPLED = raw({"traceparent": PARENT})
NOT_SAMPLED = raw({"traceparent": PARENT[:-1] + "0"})
FIRST_SEEN_NS = (NOW + 30) * 1_000_000
NAMES_OF_OUTCOMES = {
    "Enriched": ("enriched", "partial"),
    "Failed": ("failed", "failed"),
    "Late": ("late",),
    "Suppressed": ("suppressed",),
    "NoRecipients": ("unwanted",),
}


def _header(value: bytes) -> dict[str, bytes]:
    """The header of the records of a sampled event: its own span, which everybody finds under the same id."""
    trace = event_trace(value, NOW)
    assert trace is not None
    return {TRACEPARENT: f"00-{trace.own.trace_id:032x}-{trace.own.span_id:016x}-01".encode()}


@pytest.mark.parametrize(("outcome", "counts", "rows"), CASES, ids=lambda each: type(each).__name__)
@pytest.mark.parametrize("value", [raw(), NOT_SAMPLED, SAMPLED], ids=["no context", "not sampled", "sampled"])
def test_counts_and_rows_are_those_of_the_writer_without_tracing(
    value: bytes, outcome: Outcome, counts: dict[str, int], rows: list[tuple[str, tuple[object, ...]]]
) -> None:
    headers = _header(value) if value == SAMPLED else None
    with otlp_server() as collector:
        tracing, group = JobTracing(TracingConfig(endpoint=collector.url)), MetricGroup()
        writer = tracing.outcome_writer(group, "hot", *NAMES)
        writer.write(outcome, value, NOW, FIRST_SEEN_NS, NOW)
        written = [(name, tuple(row)) for name, row in by_output(writer.take())]
        writer.flush()
        tracing.close()
    assert written == [(name, row if name == "parked" or headers is None else (*row, headers)) for name, row in rows]
    assert {name: n for name, n in group.counts.items() if name in NAMES} == counts
    assert len(collector.spans) == (value == SAMPLED and not isinstance(outcome, Pending))


@pytest.mark.parametrize("path", ["hot", "cold"])
def test_the_span_tells_the_outcome(path: str) -> None:
    outcomes = [outcome for outcome, _, _ in CASES if not isinstance(outcome, Pending)]
    with otlp_server() as collector:
        tracing = JobTracing(TracingConfig(endpoint=collector.url))
        writer = tracing.outcome_writer(MetricGroup(), "hot" if path == "hot" else "cold", *NAMES)
        for outcome in outcomes:
            writer.write(outcome, SAMPLED, NOW, FIRST_SEEN_NS, NOW)
        tracing.close()
    names = {kind: list(found) for kind, found in NAMES_OF_OUTCOMES.items()}
    assert len(collector.spans) == len(outcomes)
    for span, outcome in zip(collector.spans, outcomes, strict=True):
        assert span.attributes["clickstream.outcome"] == names[type(outcome).__name__].pop(0)
        assert span.attributes["clickstream.path"] == path
        assert span.attributes["clickstream.kafka_wait_ms"] == 30
        assert (span.attributes["clickstream.lookup_wait_ms"] == 0) == (path == "hot")
        assert span.attributes["clickstream.event_id"] == "0b5e9c1e-5d0f-4d0e-9d8e-000000000001"
        assert (span.name, span.trace_id, span.parent_id) == ("enrich", PARENT[3:35], PARENT[36:52])
        assert span.is_error == isinstance(outcome, Failed)


def test_without_tracing_the_writer_is_the_plain_one_and_records_have_no_headers(
    server: LookupServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(server, monkeypatch) as run:
        assert type(run.hot._writer) is OutcomeWriter
        run.hot._writer.write(Enriched([FIRST], None, False, False), SAMPLED, NOW, FIRST_SEEN_NS, NOW)
        assert by_output(run.hot._writer.take()) == [("main", FIRST)]


def _through_both_paths(run: OperatorRun, value: bytes) -> list[dict[str, bytes] | None]:
    """The headers of the records of an event that waits for its lookups."""
    [(name, row)] = run.first(value)
    assert name == "parked"
    run.put_into_cold_path(row)
    return _headers_of(run.until_something_leaves(row[0]))


def _headers_of(outputs: list[tuple[str, Any]]) -> list[dict[str, bytes] | None]:
    return [record[4] if len(record) > 4 else None for _, record in outputs]


def test_an_event_has_one_span_wherever_it_leaves_and_a_link_with_its_request(
    server: LookupServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = raw({"traceparent": PARENT, "event_id": "other-event"})
    records = len(takers("listing_view"))
    with otlp_server() as collector:
        with running(server, monkeypatch, tracing=TracingConfig(endpoint=collector.url)) as run:
            assert _through_both_paths(run, SAMPLED) == [_header(SAMPLED)] * records
            assert _headers_of(run.first(other)) == [_header(other)] * records
            assert _headers_of(run.first(NOT_SAMPLED)) == [None] * records
            assert _headers_of(run.first(b"{" + SAMPLED)) == [None], "nothing can be read of it"
        enriched = {str(s.attributes["clickstream.event_id"]): s for s in collector.spans if s.name == "enrich"}
        requests = {(s.trace_id, s.span_id): s for s in collector.spans if s.name != "enrich"}
    cold, hot = enriched.pop("0b5e9c1e-5d0f-4d0e-9d8e-000000000001"), enriched.pop("other-event")
    assert not enriched
    assert (_outcome_of(cold), _outcome_of(hot)) == (("cold", "enriched"), ("hot", "enriched"))
    assert cold.links == requests.keys()
    assert hot.links == frozenset()
    assert {span.parent_id for span in requests.values()} == {cold.span_id}


def _outcome_of(span: SeenSpan) -> tuple[object, object]:
    return span.attributes["clickstream.path"], span.attributes["clickstream.outcome"]
