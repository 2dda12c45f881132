"""The emitter: one record for each purpose, or the one record of what became of the event instead."""

from collections.abc import Iterator
from typing import Any

import pytest

from contracts.enrichments import ENRICHMENTS
from contracts.lookup_api.lookups import Status
from core.consent import REFUSED, OptOut
from core.flat_event import EnrichmentResult, FlatEvent
from core.flatten import flatten
from core.privacy.envelopes import PAYLOAD, Envelopes
from core.privacy.key_ring import read_key_ring
from core.privacy.pseudonyms import Pseudonyms
from enrichment_job.output.emitter import Emitter
from tests.core.privacy.keys import KEYS
from tests.core.samples import raw
from tests.enrichment_job.lookups.lookup_server import LookupServer
from tests.enrichment_job.operators.fake_flink import by_output
from tests.enrichment_job.operators.stage_run import NOW, StageRun, purpose_of, running, value_of


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[StageRun]:
    with LookupServer() as server, running(server, monkeypatch) as opened:
        yield opened


def _emitter(run: StageRun) -> Emitter:
    return run.hot._emit


def _prepared(value: bytes) -> FlatEvent:
    event = flatten(value, NOW, NOW + 5)
    assert isinstance(event, FlatEvent)
    return event


def _answers(run: StageRun, status: Status = "missing") -> list[EnrichmentResult]:
    views = run.hot._desk._builder
    return [views.without_value(each.name, status) for each in ENRICHMENTS]


def _enriched(
    run: StageRun, value: bytes, answers: list[EnrichmentResult], opted_out: OptOut | None = None
) -> list[tuple[str, Any]]:
    emitter, event = _emitter(run), _prepared(value)
    return by_output(emitter.enriched(event, answers, NOW, opted_out, emitter.takers(event.fields, opted_out)))


def test_each_purpose_has_the_user_in_its_own_form(run: StageRun) -> None:
    rows = _enriched(run, raw({"event_name": "checkout"}), _answers(run))
    by_purpose = {purpose_of(row): row for _, row in rows}
    assert by_purpose.keys() == {"analytics", "security"}
    pseudonym = Pseudonyms(read_key_ring(KEYS).epochs).at(NOW)("user_id", "u0000001")
    assert pseudonym is not None
    assert value_of(by_purpose["analytics"])["user_id"] == pseudonym
    assert by_purpose["analytics"][1] == pseudonym.encode()
    assert value_of(by_purpose["security"])["user_id"] == "u0000001"
    assert by_purpose["security"][1] == b"u0000001"
    assert "useragent" not in value_of(by_purpose["analytics"])


def test_an_event_without_an_answer_in_time_is_partial(run: StageRun) -> None:
    rows = _enriched(run, raw(), _answers(run, "timeout"))
    assert {value_of(row)["geo_status"] for name, row in rows if purpose_of(row) == "analytics"} == {"timeout"}
    assert run.counts() == {"events_partial": 1, "events_enriched": 1}


def test_consent_that_was_withdrawn_while_the_event_waited_counts(run: StageRun) -> None:
    assert [name for name, _ in _enriched(run, raw(), _answers(run))] == ["main", "main"]
    assert [name for name, _ in _enriched(run, raw(), _answers(run), REFUSED)] == ["suppressed"]
    assert run.counts() == {"events_enriched": 1, "events_suppressed": 1}


def test_rejected_and_late_payloads_are_sealed_for_whoever_holds_the_key(run: StageRun) -> None:
    emitter, event = _emitter(run), _prepared(raw())
    envelopes = Envelopes(read_key_ring(KEYS).envelopes)
    [(name, late)] = by_output([emitter.late(event, NOW + 90_000)])
    assert name == "late"
    assert envelopes.open(value_of(late)["payload"]["envelope"], PAYLOAD) == raw()
    assert b"81.2.69.142" not in late[2]
