"""The hot path: every record has its final outcome at once or is pending, and an event without recipients starts no
lookup.
"""

import traceback
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from common.flink.output_record import OutputRecord
from contracts.events.enriched import EventFields
from core.projection import Projection
from enrichment_job.operators.fault_guard import MOST_IN_A_ROW, NotTheRecordsFaultError
from enrichment_job.operators.pending_events import unpack
from enrichment_job.output.emitter import Emitter
from enrichment_job.output.outcomes import Outcome
from tests.core.samples import raw
from tests.enrichment_job.lookups.lookup_server import LookupServer
from tests.enrichment_job.operators.operator_run import NOW, OperatorRun, purpose_of, running, takers, value_of

MINUTE = 60_000
NO_KEYS = raw({"actor": {"domain_userid": "d-1"}, "attributes": {}})
ENRICHED = ["main"] * len(takers("listing_view"))
"""The outputs of a listing's view, which is what all samples are that name no other event."""


@pytest.fixture
def run(server: LookupServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[OperatorRun]:
    with running(server, monkeypatch) as opened:
        yield opened


def test_an_event_without_keys_leaves_at_once_to_every_purpose_that_takes_it(run: OperatorRun) -> None:
    outputs = run.first(NO_KEYS)
    assert [name for name, _ in outputs] == ["main"] * 3
    assert [purpose_of(row) for _, row in outputs] == ["analytics", "personalization", "behaviour"]
    for _, row in outputs:
        assert row[3] == NOW, "the Kafka timestamp is the collector's time"
        assert value_of(row)["event_id"] == "0b5e9c1e-5d0f-4d0e-9d8e-000000000001"
    assert run.counts() == {"events_enriched": 1}


def test_an_event_whose_lookups_are_unknown_is_pending_and_the_next_one_finds_them(run: OperatorRun) -> None:
    [(name, row)] = run.first(raw())
    pending = unpack(row[1])
    assert (name, pending.bucket, pending.collector_tstamp, pending.raw) == ("parked", row[0], NOW, raw())
    run.put_into_cold_path(row)
    run.until_something_leaves(row[0])
    assert [name for name, _ in run.first(raw())] == ENRICHED
    assert run.counts() == {"events_parked": 1, "events_enriched": 2}


@pytest.mark.parametrize(
    ("record", "kind", "field"),
    [
        (b"", "size", "$"),
        (b"x" * 70_000, "size", "$"),
        (b"\xff", "encoding", "$"),
        (b"{", "json", "$"),
        (raw({"event_name": 7}), "schema", "event_name"),
        (raw({"platform": "tv"}), "schema", "platform"),
    ],
)
def test_a_record_that_is_no_event_fails_with_its_reason(
    run: OperatorRun, record: bytes, kind: str, field: str
) -> None:
    [(name, row)] = run.first(record)
    failure = value_of(row)["failure"]
    assert (name, failure["type"], failure["field"]) == ("failed", kind, field)
    assert run.counts() == {"events_failed": 1}


def test_an_event_behind_the_watermark_by_more_than_the_lateness_is_late(run: OperatorRun) -> None:
    run.first(NO_KEYS, collector=NOW + 3 * MINUTE)
    [(name, row)] = run.first(NO_KEYS, watermark=NOW + MINUTE + 1)
    assert (name, value_of(row)["lateness_ms"]) == ("late", MINUTE + 1)
    assert [name for name, _ in run.first(NO_KEYS, watermark=NOW + MINUTE)] == ENRICHED, "just on time"
    assert run.counts() == {"events_enriched": 2, "events_late": 1}


def test_who_has_opted_out_leaves_a_tombstone_and_is_looked_up_by_nobody(
    server: LookupServer, run: OperatorRun
) -> None:
    [(name, row)] = run.first(raw({"context.consent": False}))
    tombstone = value_of(row)
    assert (name, tombstone["field"], tombstone["reason"]) == ("suppressed", "context.consent", "refused")
    assert tombstone["payload"].keys() == {"sha256", "size"}
    assert server.batches == []
    assert run.counts() == {"events_suppressed": 1}


def test_a_purpose_that_needs_no_consent_has_the_event_besides_the_tombstone(run: OperatorRun) -> None:
    refused = raw({"event_name": "checkout", "context.consent": False, "actor": {}, "attributes": {}})
    outputs = run.first(refused)
    assert [(name, name == "main" and purpose_of(row)) for name, row in outputs] == [
        ("main", "security"),
        ("suppressed", False),
    ]
    assert run.counts() == {"events_suppressed": 1, "events_enriched": 1}


def test_consent_counts_on_late_and_failed_records(run: OperatorRun) -> None:
    run.first(NO_KEYS, collector=NOW + 3 * MINUTE)
    [(_, late)] = run.first(raw({"context.consent": False}), watermark=NOW + 2 * MINUTE)
    [(_, failed)] = run.first(raw({"context.consent": False, "platform": "tv"}))
    [(_, consenting)] = run.first(raw({"platform": "tv"}))
    assert [value_of(row)["payload"].keys() for row in (late, failed)] == [{"sha256", "size"}] * 2
    assert "envelope" in value_of(consenting)["payload"]


def test_an_event_that_no_purpose_takes_leaves_nothing(server: LookupServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(server, monkeypatch, only=("security",)) as opened:
        assert opened.first(raw()) == []
        assert server.batches == []
        assert [name for name, _ in opened.first(raw({"event_name": "checkout"}))] == ["parked"]


def test_a_bug_that_one_record_meets_is_its_failure_and_nobody_elses(run: OperatorRun) -> None:
    """The bug: a projection that cannot take prices, after another one has made its record."""
    [projection] = [each for each in _recipients(run) if each.purpose.name == "personalization"]
    record = projection.record
    with pytest.MonkeyPatch.context() as broken:

        def breaking(event: EventFields, *others: Any) -> OutputRecord:  # noqa: ANN401 - those of record
            if event.price is not None:
                raise ValueError(f"secret {event.user_id}")
            return record(event, *others)

        broken.setattr(projection, "record", breaking)
        poison = raw({"actor": {}, "attributes": {"price": 5}})
        [(name, row)] = run.first(poison)
        assert run.counts() == {"events_failed": 1}
        failed = value_of(row)
        assert (name, failed["failure"]["type"], failed["failure"]["stage"]) == ("failed", "internal", "enrich")
        assert failed["failure"]["message"].startswith("ValueError in breaking")
        assert b"secret" not in row[2]
        assert [each for each, _ in run.first(NO_KEYS)] == ENRICHED
        for _ in range(2 * MOST_IN_A_ROW):
            assert [each for each, _ in run.first(poison)] == ["failed"]
            run.first(NO_KEYS)


def _recipients(run: OperatorRun) -> Sequence[Projection]:
    return run.hot._routing.recipients("page_view", opted_out=False)


def test_every_record_of_a_batch_has_the_outcome_that_it_has_alone(run: OperatorRun) -> None:
    """Also beside a bug, a record that is no event, and one that is late."""
    refused = raw({"event_name": "page_view", "context.consent": False, "actor": {"domain_userid": "d-2"}})
    records = [(NOW, NO_KEYS), (NOW, b"{"), (NOW, raw()), (NOW - 65 * MINUTE, NO_KEYS), (NOW, refused), (NOW, NO_KEYS)]
    outputs = run.batch(records)
    assert [name for name, _ in outputs] == [*ENRICHED, *ENRICHED, "failed", "late", "suppressed", "parked"]
    assert [purpose_of(row) for name, row in outputs if name == "main"] == takers("listing_view") * 2
    assert unpack(outputs[-1][1][1]).raw == raw()
    assert run.counts() == {
        "events_enriched": 2,
        "events_failed": 1,
        "events_late": 1,
        "events_suppressed": 1,
        "events_parked": 1,
    }
    assert run.batch([]) == []


def test_a_late_record_is_late_wherever_it_is_in_a_batch(run: OperatorRun) -> None:
    run.first(NO_KEYS)
    late = (NOW - 65 * MINUTE, NO_KEYS)
    assert [name for name, _ in run.batch([late, (NOW, NO_KEYS)], watermark=NOW - 5_000)] == [*ENRICHED, "late"]
    assert [name for name, _ in run.batch([(NOW, NO_KEYS), late], watermark=NOW - 5_000)] == [*ENRICHED, "late"]


def test_what_every_record_meets_is_nobodys_failure(run: OperatorRun) -> None:
    """Lost infrastructure, or a bug in everything: Flink restarts the job."""
    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(Emitter, "enriched", _no_memory)
        for _ in range(MOST_IN_A_ROW):
            assert [name for name, _ in run.first(NO_KEYS)] == ["failed"]
        with pytest.raises(NotTheRecordsFaultError, match=r"101 records in a row.*in _no_memory") as raised:
            run.first(NO_KEYS)
    assert "secret" not in "".join(traceback.format_exception(raised.value))


def _no_memory(*_: object) -> Outcome:
    raise MemoryError("secret")


def test_a_repaired_event_is_enriched_and_counted(run: OperatorRun) -> None:
    outputs = run.first(raw({"actor": {}, "attributes": {"currency": "eur"}}))
    notes = [{"field": "attributes.currency", "reason": "upper_case"}]
    assert {purpose_of(row): value_of(row).get("field_errors") for _, row in outputs} == {
        "analytics": notes,
        "personalization": notes,
        "behaviour": None,  # its policy drops them
    }
    assert run.counts() == {"events_enriched": 1, "events_repaired": 1}
