"""The emitter: one record for each purpose, or the one record of what became of the event instead."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from common.flink.output_record import OutputRecord
from contracts.enrichments import ENRICHMENTS
from contracts.lookup_api.lookups import Status
from core.consent import REFUSED, OptOut
from core.flat_event import BadRow, EnrichmentResult, EnrichmentResults, FlatEvent
from core.flatten import flatten
from core.lookups.enrichment_lookup import NO_ACCOUNT
from core.privacy.envelopes import PAYLOAD, Envelopes
from core.privacy.key_ring import read_key_ring
from core.privacy.pseudonyms import Pseudonyms
from core.projection import Projection
from enrichment_job.output.emitter import Emitter
from enrichment_job.output.outcomes import Enriched, Failed, Late, NoRecipients, Outcome, Suppressed
from tests.core.privacy.keys import KEYS
from tests.core.samples import raw
from tests.enrichment_job.lookups.lookup_server import LookupServer
from tests.enrichment_job.operators.fake_flink import by_output
from tests.enrichment_job.operators.operator_run import NOW, OperatorRun, purpose_of, running, takers, value_of

CHECKOUT = raw({"event_name": "checkout"})
"""Purpose ``security`` gets it without consent as well."""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[OperatorRun]:
    with LookupServer() as server, running(server, monkeypatch) as opened:
        yield opened


def _emitter(run: OperatorRun) -> Emitter:
    emitter: Emitter = run.hot._emitter
    return emitter


def _event(value: bytes) -> FlatEvent:
    event = flatten(value, NOW, NOW + 5)
    assert isinstance(event, FlatEvent)
    return event


def _results(
    run: OperatorRun, status: Status = "missing", subject_key: EnrichmentResult | None = None
) -> EnrichmentResults:
    builder = run.hot._lookup._builder
    return EnrichmentResults([builder.without_value(each.name, status) for each in ENRICHMENTS], subject_key)


def _outcome(
    run: OperatorRun, value: bytes, results: EnrichmentResults, opted_out: OptOut | None = None
) -> Enriched | Failed | Suppressed | NoRecipients:
    event = _event(value)
    recipients: Sequence[Projection] = run.hot._routing.recipients(
        event.fields.event_name, opted_out=opted_out is not None
    )
    return _emitter(run).enriched(event, results, opted_out, recipients)


def _rows(run: OperatorRun, outcome: Outcome) -> list[tuple[str, Any]]:
    run.hot._writer.write(outcome, b"", NOW, 0, NOW)
    return by_output(run.hot._writer.take())


def _enriched(
    run: OperatorRun, value: bytes, results: EnrichmentResults, opted_out: OptOut | None = None
) -> list[tuple[str, Any]]:
    return _rows(run, _outcome(run, value, results, opted_out))


def _purposes(records: Sequence[OutputRecord]) -> list[str]:
    return [purpose_of(record) for record in records]


def test_each_purpose_has_the_user_in_its_own_form(run: OperatorRun) -> None:
    rows = _enriched(run, CHECKOUT, _results(run))
    by_purpose = {purpose_of(row): row for _, row in rows}
    assert by_purpose.keys() == {"analytics", "security", "behaviour"}
    pseudonym = Pseudonyms(read_key_ring(KEYS).epochs).at(NOW)("user_id", "u0000001")
    assert pseudonym is not None
    assert value_of(by_purpose["analytics"])["user_id"] == pseudonym
    assert by_purpose["analytics"][1] == pseudonym.encode()
    assert value_of(by_purpose["security"])["user_id"] == "u0000001"
    assert by_purpose["security"][1] == b"u0000001"
    assert value_of(by_purpose["behaviour"])["user_id"] == "u0000001"
    assert by_purpose["behaviour"][1] == b"d-1", "its key is the browser"
    assert "useragent" not in value_of(by_purpose["analytics"])


def test_an_event_without_an_answer_in_time_is_partial(run: OperatorRun) -> None:
    rows = _enriched(run, raw(), _results(run, "timeout"))
    assert {value_of(row)["geo_status"] for name, row in rows if purpose_of(row) == "analytics"} == {"timeout"}
    assert run.counts() == {"events_partial": 1, "events_enriched": 1}


def test_consent_that_was_withdrawn_while_the_event_waited_counts(run: OperatorRun) -> None:
    assert [name for name, _ in _enriched(run, raw(), _results(run))] == ["main"] * len(takers("listing_view"))
    assert [name for name, _ in _enriched(run, raw(), _results(run), REFUSED)] == ["suppressed"]
    assert run.counts() == {"events_enriched": 1, "events_suppressed": 1}


def test_rejected_and_late_payloads_are_sealed_for_whoever_holds_the_key(run: OperatorRun) -> None:
    outcome = _emitter(run).late(_event(raw()), NOW + 90_000, None)
    envelopes = Envelopes(read_key_ring(KEYS).envelopes)
    [(name, late)] = _rows(run, outcome)
    assert name == "late"
    assert envelopes.open(value_of(late)["payload"]["envelope"], PAYLOAD) == raw()
    assert b"81.2.69.142" not in late[2]


def test_the_emitter_counts_nothing(run: OperatorRun) -> None:
    _outcome(run, raw(), _results(run, "timeout"))
    _outcome(run, CHECKOUT, _results(run), REFUSED)
    _emitter(run).late(_event(raw()), NOW, None)
    assert run.counts() == {}


def test_enriched_has_a_record_for_each_recipient_and_says_what_it_is_like(run: OperatorRun) -> None:
    outcome = _outcome(run, raw(), _results(run))
    assert isinstance(outcome, Enriched)
    assert _purposes(outcome.records) == ["analytics", "personalization", "behaviour"]
    assert (outcome.tombstone, outcome.is_partial, outcome.is_repaired) == (None, False, False)


@pytest.mark.parametrize("status", ["timeout", "error"])
def test_enriched_is_partial_where_a_lookup_failed(run: OperatorRun, status: Status) -> None:
    outcome = _outcome(run, raw(), _results(run, status))
    assert isinstance(outcome, Enriched)
    assert (outcome.is_partial, outcome.is_repaired) == (True, False)


@pytest.mark.parametrize("status", ["ok", "stale", "missing", "invalid"])
def test_enriched_is_not_partial_whatever_else_a_lookup_said(run: OperatorRun, status: Status) -> None:
    result = EnrichmentResult(status, b"", (b"",) * len(run.config.purposes))
    outcome = _outcome(run, raw(), EnrichmentResults([result] * len(ENRICHMENTS), None))
    assert isinstance(outcome, Enriched)
    assert not outcome.is_partial


def test_enriched_is_repaired_where_a_field_was(run: OperatorRun) -> None:
    outcome = _outcome(run, raw({"attributes": {"currency": "eur"}}), _results(run))
    assert isinstance(outcome, Enriched)
    assert (outcome.is_partial, outcome.is_repaired) == (False, True)


def test_enriched_has_a_tombstone_where_only_purposes_without_consent_get_the_event(run: OperatorRun) -> None:
    outcome = _outcome(run, CHECKOUT, _results(run), REFUSED)
    assert isinstance(outcome, Enriched)
    assert _purposes(outcome.records) == ["security"]
    assert outcome.tombstone is not None
    assert value_of(outcome.tombstone)["field"] == "context.consent"


def test_suppressed_is_the_tombstone_alone(run: OperatorRun) -> None:
    outcome = _outcome(run, raw(), _results(run), REFUSED)
    assert isinstance(outcome, Suppressed)
    assert value_of(outcome.tombstone)["reason"] == "refused"
    assert outcome == _emitter(run).without_recipients(_event(raw()), REFUSED)


def test_without_recipients_and_without_an_opt_out_nothing_leaves(run: OperatorRun) -> None:
    event = _event(raw())
    assert _emitter(run).enriched(event, _results(run, "timeout"), None, ()) == NoRecipients()
    assert _emitter(run).without_recipients(event, None) == NoRecipients()


@pytest.mark.parametrize(("opted_out", "payload"), [(None, "envelope"), (REFUSED, None)])
def test_failed_names_the_required_enrichment_that_is_lacking(
    monkeypatch: pytest.MonkeyPatch, opted_out: OptOut | None, payload: str | None
) -> None:
    required = {"analytics": frozenset({"network"}), "security": frozenset({"network"})}
    with LookupServer() as server, running(server, monkeypatch, required=required) as run:
        outcome = _outcome(run, CHECKOUT, _results(run, "timeout"), opted_out)
        assert isinstance(outcome, Failed)
        failed = value_of(outcome.record)
        assert outcome.is_partial
        assert (failed["failure"]["type"], failed["failure"]["field"]) == ("enrichment", "network_status")
        assert ("envelope" in failed["payload"]) == (payload is not None)
        assert isinstance(_outcome(run, CHECKOUT, _results(run), opted_out), Enriched), "missing is not lacking"


@pytest.mark.parametrize("opted_out", [None, REFUSED])
def test_failed_and_late_keep_no_payload_of_who_has_opted_out(run: OperatorRun, opted_out: OptOut | None) -> None:
    failed = _emitter(run).rejected(b"{", BadRow("json", "parse", "broken"), NOW, NOW + 5, opted_out)
    late = _emitter(run).late(_event(raw()), NOW + 90_000, opted_out)
    assert (type(failed), type(late)) == (Failed, Late)
    assert not failed.is_partial
    for outcome in (failed, late):
        assert ("envelope" in value_of(outcome.record)["payload"]) == (opted_out is None)
    assert value_of(late.record)["lateness_ms"] == 90_000


def test_pseudonyms_are_made_with_the_subjects_key_or_not_at_all(run: OperatorRun) -> None:
    def user(subject_key: EnrichmentResult | None) -> str | None:
        outcome = _outcome(run, raw(), _results(run, subject_key=subject_key))
        assert isinstance(outcome, Enriched)
        found: str | None = value_of(outcome.records[0]).get("user_id")
        return found

    without = user(None)
    assert without is not None
    assert user(NO_ACCOUNT) == without
    own = user(EnrichmentResult("ok", b"k" * 32, ()))
    assert own is not None
    assert own != without
    assert user(EnrichmentResult("missing", b"", ())) is None, "its key is destroyed"
    assert user(EnrichmentResult("timeout", b"", ())) is None
