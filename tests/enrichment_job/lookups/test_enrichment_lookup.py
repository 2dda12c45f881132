"""All enrichments of an event, against a real HTTP server."""

import time
from base64 import b64encode
from collections.abc import Sequence

import msgspec
import pytest

from contracts.enrichments import ENRICHMENTS, Lookup
from contracts.lookup_api.lookups import LookupKey, LookupResult
from contracts.purposes.model import EVERYTHING, Purpose
from core.derived.interface import Settings
from core.derived.web.crawler_rules import parse_crawler_rules
from core.flat_event import BadRow, EnrichmentResult, EnrichmentResults, FlatEvent
from core.flatten import flatten
from core.fragments import FragmentBuilder
from core.lookups.enrichment_lookup import NO_ACCOUNT, EnrichmentLookup
from core.lookups.lookup_results import LookupResults
from core.registry import REGISTRY
from enrichment_job.config import LookupConfig
from enrichment_job.consent.subject_keys import SubjectKeyResults
from enrichment_job.lookups.engine import LookupEngine
from tests.core.samples import raw
from tests.core.test_fragments import purpose
from tests.enrichment_job.lookups.lookup_server import LookupServer

SUBJECT_KEY = bytes(range(32))


def _lookup(server: LookupServer, engines: list[LookupEngine], *purposes: Purpose) -> EnrichmentLookup:
    builder = FragmentBuilder(purposes)
    config = LookupConfig(url=server.url, linger_ms=20, request_timeout_ms=2_000)
    engines.append(LookupEngine(config, LookupResults(builder)))
    return EnrichmentLookup(engines[-1], builder, REGISTRY.bind(builder, Settings(frozenset({"www.example.org"}))))


def _event(payload: bytes) -> FlatEvent:
    event = flatten(payload, 1_700_000_001_000, 1_700_000_001_005)
    assert not isinstance(event, BadRow)
    return event


def _results(lookup: EnrichmentLookup, event: FlatEvent) -> list[EnrichmentResult]:
    deadline = time.monotonic() + 5
    while (found := lookup.get_cached(event, time.monotonic())) is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    assert found.subject_key is None
    return found.enrichments


EVENT = raw(
    {
        "context.page_url": "https://www.example.org/l/1?utm_source=news",
        "context.page_referrer": "https://www.example.org/",
        "context.os_timezone": "Europe/Berlin",
    }
)


def test_one_batch_answers_all_that_must_be_asked(server: LookupServer, engines: list[LookupEngine]) -> None:
    lookup = _lookup(server, engines, EVERYTHING)
    event = _event(EVENT)
    assert lookup.get_cached(event, time.monotonic()) is None
    found = _results(lookup, event)
    assert [each.status for each in found] == ["ok"] * len(ENRICHMENTS)
    # The address for geo and for network, the user, the listing; texts are worked out here.
    assert server.batches == [["81.2.69.142", "81.2.69.142", "u0000001", "l00000001"]]
    by_name = dict(zip((each.name for each in ENRICHMENTS), found, strict=True))
    assert b'"user_agent_name":"Firefox"' in by_name["user_agent"].fragments[0]
    assert b'"refr_medium":"internal"' in by_name["referrer"].fragments[0]
    assert b'"mkt_source":"news"' in by_name["campaign"].fragments[0]
    assert lookup.hits < lookup.keys


def test_what_no_purpose_has_is_not_asked(server: LookupServer, engines: list[LookupEngine]) -> None:
    lookup = _lookup(server, engines, purpose("p", user_segment="keep"))
    _results(lookup, _event(EVENT))
    assert server.batches == [["u0000001"]]


def test_an_event_without_keys_is_known_at_once(server: LookupServer, engines: list[LookupEngine]) -> None:
    lookup = _lookup(server, engines, EVERYTHING)
    found = lookup.get_cached(_event(raw({"actor": {}, "attributes": {}, "context.page_url": ...})), time.monotonic())
    assert found is not None
    assert {each.status for each in found.enrichments} == {"missing"}
    assert server.batches == []


KEYED = ("geo", "network", "referrer", "campaign", "user", "listing")
"""What has a text of the event as its key, user agents apart: any text is one."""


def _statuses(lookup: EnrichmentLookup, payload: bytes) -> dict[str, str]:
    return _by_name(_results(lookup, _event(payload)))


def _by_name(found: Sequence[EnrichmentResult]) -> dict[str, str]:
    return {each.name: result.status for each, result in zip(ENRICHMENTS, found, strict=True)}


def test_a_key_that_is_there_and_cannot_be_used_is_invalid_and_nobody_is_asked(
    server: LookupServer, engines: list[LookupEngine]
) -> None:
    lookup = _lookup(server, engines, EVERYTHING)
    event = raw(
        {
            "actor.user_ipaddress": "somewhere",
            "actor.user_id": "u\x00",
            "context.page_url": "no page",
            "context.page_referrer": "nor this",
            "attributes.listing_id": "l\n",
        }
    )
    flat = _event(event)
    resolved = _by_name(lookup.resolve(lookup.get_or_pending(flat, 0), flat, 0).enrichments)
    for statuses in (_statuses(lookup, event), resolved):
        assert statuses.pop("user_agent") == "ok"
        assert {statuses[name] for name in KEYED} == {"invalid"}
    assert server.batches == []


def test_blank_keys_are_missing(server: LookupServer, engines: list[LookupEngine]) -> None:
    lookup = _lookup(server, engines, EVERYTHING)
    blank = {"actor.user_ipaddress": "-", "actor.user_id": " ", "actor.useragent": "", "context.page_url": ""}
    event = raw({**blank, "context.page_referrer": "-", "attributes.listing_id": " "})
    assert set(_statuses(lookup, event).values()) == {"missing"}
    assert server.batches == []


@pytest.mark.parametrize(
    "written",
    ["81.2.69.142:51000", "81.2.69.142, 10.0.0.1", " 81.2.69.142", "::ffff:81.2.69.142", "10.0.0.1,81.2.69.142"],
)
def test_an_address_is_asked_for_in_one_form_and_once(
    server: LookupServer, engines: list[LookupEngine], written: str
) -> None:
    lookup = _lookup(server, engines, purpose("p", geo_city="keep"))
    for text in (written, "81.2.69.142", written):
        _results(lookup, _event(raw({"actor.user_ipaddress": text})))
    assert server.batches == [["81.2.69.142"]]


@pytest.mark.parametrize(
    ("page", "referrer", "medium"),
    [
        ("https://shop.example/l/1", "https://shop.example/", "internal"),
        ("https://www.shop.example/l/1", "http://Shop.example:8080/", "internal"),
        ("https://shop.example/l/1", "https://help.shop.example/", "unknown"),
        ("https://shop.example/l/1", "https://myshop.example/", "unknown"),
        ("https://shop.example/l/1", "https://www.google.com/", "search"),
        ("no page", "https://shop.example/", "unknown"),
        ("https://shop.example/l/1", "https://m.www.example.org/", "internal"),
    ],
)
def test_the_pages_own_host_is_internal(
    server: LookupServer, engines: list[LookupEngine], page: str, referrer: str, medium: str
) -> None:
    lookup = _lookup(server, engines, purpose("p", refr_medium="keep"))
    for _ in range(2):  # worked out, then remembered
        found = _results(lookup, _event(raw({"context.page_url": page, "context.page_referrer": referrer})))
        assert [f'"refr_medium":"{medium}"'.encode() in each.fragments[0] for each in found].count(True) == 1


def test_the_operators_list_of_crawlers_sees_agent_network_and_application() -> None:
    builder = FragmentBuilder([purpose("p", user_agent_is_crawler="keep")])
    rules = parse_crawler_rules(["deny network 198.51.100.0/24", "deny app load-test", "allow agent curl"])
    user_agent = REGISTRY.bind(builder, Settings(crawlers=rules))["user_agent"]

    def verdict(agent: str, address: str = "81.2.69.142", app: str = "web") -> bool:
        event = _event(raw({"actor.useragent": agent, "actor.user_ipaddress": address, "context.app_id": app}))
        return b'"user_agent_is_crawler":true' in user_agent(agent, event.fields, ()).fragments[0]

    assert not verdict("curl/8")
    assert verdict("curl/8", address="198.51.100.7")
    assert verdict("Mozilla/5.0 Firefox/130.0", app="load-test")
    assert not verdict("Mozilla/5.0 Firefox/130.0")
    assert verdict("Googlebot/2.1")


def test_a_lookup_without_a_result_in_time_is_a_timeout(server: LookupServer, engines: list[LookupEngine]) -> None:
    server.delay_s = 1
    lookup = _lookup(server, engines, EVERYTHING)
    event = _event(EVENT)
    pending = lookup.get_or_pending(event, time.monotonic())
    assert not pending.is_complete
    statuses = _by_name(lookup.resolve(pending, event, time.monotonic()).enrichments)
    looked_up = {each.name for each in ENRICHMENTS if isinstance(each, Lookup)}
    assert looked_up == {"geo", "network", "user", "listing"}
    assert statuses == {name: "timeout" if name in looked_up else "ok" for name in statuses}


def test_a_key_that_was_left_out_was_there_and_could_not_be_used(
    server: LookupServer, engines: list[LookupEngine]
) -> None:
    lookup = _lookup(server, engines, EVERYTHING)
    odd = _event(raw({"actor": {"user_ipaddress": []}, "attributes": {"listing_id": {}}, "context.page_url": ...}))
    found = lookup.get_cached(odd, time.monotonic())
    assert found is not None
    statuses = _by_name(found.enrichments)
    invalid = {"geo", "network", "listing"}
    assert statuses == {name: "invalid" if name in invalid else "missing" for name in statuses}
    assert server.batches == []


class _Store:
    """A store of subject keys in memory: one for ``u0000001`` alone."""

    async def __aenter__(self) -> "_Store":
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing is held."""

    async def lookup(self, keys: Sequence[LookupKey], budget_s: float) -> list[LookupResult]:
        key = msgspec.Raw(msgspec.json.encode(b64encode(SUBJECT_KEY).decode()))
        return [
            LookupResult(status="ok", value=key) if each.key == "u0000001" else LookupResult(status="missing")
            for each in keys
        ]


def test_the_subjects_key_is_a_field_of_its_own(server: LookupServer, engines: list[LookupEngine]) -> None:
    builder = FragmentBuilder([EVERYTHING])
    config = LookupConfig(url=server.url, linger_ms=0, request_timeout_ms=2_000)
    engines.append(LookupEngine(config, LookupResults(builder)))
    engines.append(LookupEngine(config, SubjectKeyResults(), _Store))
    lookup = EnrichmentLookup(engines[0], builder, REGISTRY.bind(builder, Settings()), engines[1])

    def found(payload: bytes) -> EnrichmentResults:
        event = _event(payload)
        deadline = time.monotonic() + 5
        while not (pending := lookup.get_or_pending(event, time.monotonic())).is_complete:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        resolved = lookup.resolve(pending, event, time.monotonic())
        cached = lookup.get_cached(event, time.monotonic())
        assert cached is not None
        assert cached.subject_key is not None
        assert resolved.subject_key is not None
        assert (cached.subject_key.status, cached.subject_key.value) == (
            resolved.subject_key.status,
            resolved.subject_key.value,
        )
        assert len(cached.enrichments) == len(resolved.enrichments) == len(ENRICHMENTS)
        return cached

    no_keys = {"actor.user_ipaddress": ..., "attributes": {}, "context.page_url": ..., "actor.useragent": ...}
    assert lookup.get_cached(_event(raw({**no_keys, "actor.user_id": "u2"})), time.monotonic()) is None
    with_key = found(raw()).subject_key
    assert with_key is not None
    assert (with_key.status, with_key.value) == ("ok", SUBJECT_KEY)
    destroyed = found(raw({"actor.user_id": "u2"})).subject_key
    assert destroyed is not None
    assert (destroyed.status, destroyed.value) == ("missing", b"")
    without_account = found(raw({"actor": {"domain_userid": "d-1"}}))
    assert without_account.subject_key is NO_ACCOUNT
