import json

import msgspec
import pytest

from contracts.enriched_event import EnrichedEvent
from contracts.lookup import LookupResult
from enrichment_job.enrich import NO_LISTING, answer, answer_from, enrich, lacking
from enrichment_job.outcome import Answers, Rejected
from enrichment_job.prepare import prepare
from enrichment_job.purposes import Purpose

from .samples import raw


def _result(status: str, value: bytes | None = None) -> LookupResult:
    return msgspec.convert({"status": status} | ({} if value is None else {"value": msgspec.Raw(value)}), LookupResult)


def test_an_enriched_event_is_what_its_schema_says() -> None:
    event = prepare(raw(), 1_700_000_001_000, 1_700_000_001_005)
    assert not isinstance(event, Rejected)
    geo = answer_from("ip", _result("ok", b'{"geo_country":"GB","geo_city":"London","geo_latitude":51.5}'))
    user = answer_from("user", _result("stale", b'{"user_segment":"regular"}'))
    value = enrich(event, Answers(geo, user, NO_LISTING))
    msgspec.json.decode(value, type=EnrichedEvent)
    fields = json.loads(value)
    assert (fields["geo_country"], fields["user_segment"]) == ("GB", "regular")
    assert (fields["geo_status"], fields["user_status"], fields["listing_status"]) == ("ok", "stale", "missing")


@pytest.mark.parametrize(
    "value", [b'{"geo_country":5}', b"[]", b'"x"', None], ids=["wrong type", "list", "text", "absent"]
)
def test_an_answer_that_breaks_the_contract_is_an_error(value: bytes | None) -> None:
    got = answer_from("ip", _result("ok", value))
    assert (got.status, got.fields) == ("error", b"")


def test_fields_that_the_contract_does_not_know_do_not_pass() -> None:
    assert b"admin" not in answer_from("user", _result("ok", b'{"user_segment":"x","admin":true}')).fragment


def test_an_empty_value_is_still_an_ok_answer() -> None:
    assert answer_from("ip", _result("ok", b"{}")).fragment == b',"geo_status":"ok"'


@pytest.mark.parametrize(("status", "fails"), [("timeout", True), ("error", True), ("missing", False), ("ok", False)])
def test_a_required_enrichment_that_could_not_be_had_fails_the_event(status: str, fails: bool) -> None:
    purpose = Purpose("p", "t", frozenset({"geo"}))
    geo = answer("ip", status)  # type: ignore[arg-type]
    rejected = lacking(purpose, Answers(geo, answer("user", "error"), NO_LISTING))
    assert (rejected is not None) is fails
    if rejected is not None:
        assert (rejected.field, rejected.stage) == ("geo_status", "enrich")
    assert lacking(Purpose("p", "t"), Answers(geo, geo, geo)) is None
