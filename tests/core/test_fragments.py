import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.enrichments import ENRICHMENTS
from contracts.events.enriched import EnrichedEvent
from contracts.lookup_api.lookups import MAX_VALUE_BYTES, Geo, Kind, LookupResult, UserProfile
from contracts.purposes.model import ALWAYS_KEPT, EVERYTHING, Action, Purpose
from core.flat_event import BadRow, EnrichmentResult
from core.flatten import flatten
from core.fragments import FragmentBuilder
from core.lookups.lookup_results import LookupResults
from core.privacy.pseudonyms import no_pseudonym
from core.projection import Projection
from tests.core.samples import raw

BUILDER = FragmentBuilder((EVERYTHING,))
RESULTS = LookupResults(BUILDER)


def purpose(name: str, **actions: Action) -> Purpose:
    return Purpose(name, f"t.{name}", (*((kept, "keep") for kept in ALWAYS_KEPT), *actions.items()))


def result(status: str, value: bytes | None = None) -> LookupResult:
    return msgspec.convert({"status": status} | ({} if value is None else {"value": msgspec.Raw(value)}), LookupResult)


def test_an_event_with_its_answers_is_what_its_schema_says() -> None:
    event = flatten(raw(), 1_700_000_001_000, 1_700_000_001_005)
    assert not isinstance(event, BadRow)
    found: dict[str, EnrichmentResult] = {
        "geo": RESULTS.of_result("ip", result("ok", b'{"geo_country":"GB","geo_city":"London","geo_latitude":51.5}')),
        "user": RESULTS.of_result("user", result("stale", b'{"user_segment":"regular"}')),
    }
    answers = [found.get(each.name) or BUILDER.without_value(each.name, "missing") for each in ENRICHMENTS]
    head = Projection(EVERYTHING, 0, None).event_fields_json(event.fields, no_pseudonym)
    value = head + b"".join(answer.fragments[0] for answer in answers) + b"}"
    msgspec.json.decode(value, type=EnrichedEvent)
    fields = json.loads(value)
    assert (fields["geo_country"], fields["user_segment"]) == ("GB", "regular")
    given = {"geo_status": "ok", "user_status": "stale"}
    assert {each.status_field: fields[each.status_field] for each in ENRICHMENTS} == {
        each.status_field: given.get(each.status_field, "missing") for each in ENRICHMENTS
    }


def test_every_purpose_has_its_own_view() -> None:
    builder = FragmentBuilder(
        (
            purpose("full", geo_city="keep", geo_latitude="keep"),
            purpose("coarse", geo_latitude="truncate"),
            purpose("no"),
        )
    )
    full, coarse, none = builder.of_value("geo", "ok", Geo(geo_city="London", geo_latitude=51.5142)).fragments
    assert full == b',"geo_city":"London","geo_latitude":51.5142,"geo_status":"ok"'
    assert coarse == b',"geo_latitude":51.5,"geo_status":"ok"'
    assert none == b""
    assert builder.is_seen("geo")
    assert not builder.is_seen("listing")


def test_a_required_enrichment_has_its_status_though_no_field() -> None:
    needy = Purpose("needy", "t", (("event_id", "keep"),), required=frozenset({"geo"}))
    assert FragmentBuilder((needy,)).of_value("geo", "ok", Geo(geo_city="x")).fragments == (b',"geo_status":"ok"',)


@pytest.mark.parametrize(
    "value",
    [
        b'{"geo_country":5}',
        b"[]",
        b'"x"',
        None,
        b'{"geo_latitude":90.1}',
        b'{"geo_longitude":1e400}',
        b'{"geo_city":"\xff"}',
        b'{"geo_city":"' + b"x" * MAX_VALUE_BYTES + b'"}',
        b"[" * 10_000,
    ],
    ids=["wrong type", "list", "text", "absent", "no latitude", "no number", "no text", "too long", "too deep"],
)
def test_an_answer_that_breaks_the_contract_is_an_error(value: bytes | None) -> None:
    got = RESULTS.of_result("ip", result("ok", value))
    assert (got.status, got.value) == ("error", b"")


def test_fields_that_the_contract_does_not_know_do_not_pass() -> None:
    assert b"admin" not in RESULTS.of_result("user", result("ok", b'{"user_segment":"x","admin":true}')).fragments[0]


def test_an_empty_value_is_still_an_ok_answer() -> None:
    assert RESULTS.of_result("ip", result("ok", b"{}")).fragments == (b',"geo_status":"ok"',)


def test_an_old_answer_is_seen_as_before_and_called_stale() -> None:
    old = BUILDER.of_value("user", "ok", UserProfile(user_segment="x"))
    assert RESULTS.as_stale("user", old).fragments == (b',"user_segment":"x","user_status":"stale"',)
    missing = BUILDER.without_value("user", "missing")
    assert RESULTS.as_stale("user", missing) is missing


@given(
    st.integers() | st.floats(),
    st.sampled_from([("user", "user_registered_tstamp"), ("listing", "listing_created_tstamp")]),
)
def test_any_time_is_one_of_the_contracts_or_an_error(tstamp: float, of: tuple[Kind, str]) -> None:
    kind, field = of
    coarse = Purpose("coarse", "t", (*((kept, "keep") for kept in ALWAYS_KEPT), (field, "truncate")))
    results = LookupResults(FragmentBuilder((EVERYTHING, coarse)))
    got = results.of_result(kind, result("ok", json.dumps({field: tstamp}).encode()))
    assert got.status == ("ok" if isinstance(tstamp, int) and 0 <= tstamp < 4_102_444_800_000 else "error")
