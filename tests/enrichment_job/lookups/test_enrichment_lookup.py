"""All enrichments of an event at one desk, against a real HTTP server."""

import time

import pytest

from contracts.enrichments import ENRICHMENTS, Lookup
from contracts.events.enriched import EventFields
from contracts.purposes.model import EVERYTHING, Purpose
from core.derived.interface import Settings
from core.derived.web.crawler_rules import parse_crawler_rules
from core.flat_event import BadRow, EnrichmentResult
from core.flatten import flatten
from core.fragments import FragmentBuilder
from core.lookups.enrichment_lookup import EnrichmentLookup
from core.lookups.lookup_results import LookupResults
from core.registry import REGISTRY
from enrichment_job.config import LookupConfig
from enrichment_job.lookups.engine import LookupEngine
from tests.core.samples import raw
from tests.core.test_fragments import purpose
from tests.enrichment_job.lookups.lookup_server import LookupServer


def _desk(server: LookupServer, engines: list[LookupEngine], *purposes: Purpose) -> EnrichmentLookup:
    views = FragmentBuilder(purposes)
    config = LookupConfig(url=server.url, linger_ms=20, request_timeout_ms=2_000)
    engines.append(LookupEngine(config, LookupResults(views)))
    return EnrichmentLookup(engines[-1], views, REGISTRY.bind(views, Settings(frozenset({"www.example.org"}))))


def _fields(payload: bytes) -> EventFields:
    event = flatten(payload, 1_700_000_001_000, 1_700_000_001_005)
    assert not isinstance(event, BadRow)
    return event.fields


def _answers(desk: EnrichmentLookup, fields: EventFields) -> list[EnrichmentResult]:
    deadline = time.monotonic() + 5
    while (found := desk.look(fields, time.monotonic())) is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return found


EVENT = raw(
    {
        "context.page_url": "https://www.example.org/l/1?utm_source=news",
        "context.page_referrer": "https://www.example.org/",
        "context.os_timezone": "Europe/Berlin",
    }
)


def test_one_batch_answers_all_that_must_be_asked(server: LookupServer, engines: list[LookupEngine]) -> None:
    desk = _desk(server, engines, EVERYTHING)
    fields = _fields(EVENT)
    assert desk.look(fields, time.monotonic()) is None
    found = _answers(desk, fields)
    assert [answer.status for answer in found] == ["ok"] * len(ENRICHMENTS)
    # The address for geo and for network, the user, the listing; texts are worked out here.
    assert server.batches == [["81.2.69.142", "81.2.69.142", "u0000001", "l00000001"]]
    by_name = dict(zip((each.name for each in ENRICHMENTS), found, strict=True))
    assert b'"user_agent_name":"Firefox"' in by_name["user_agent"].fragments[0]
    assert b'"refr_medium":"internal"' in by_name["referrer"].fragments[0]
    assert b'"mkt_source":"news"' in by_name["campaign"].fragments[0]
    assert desk.hits < desk.keys


def test_what_no_purpose_has_is_not_asked(server: LookupServer, engines: list[LookupEngine]) -> None:
    desk = _desk(server, engines, purpose("p", user_segment="keep"))
    _answers(desk, _fields(EVENT))
    assert server.batches == [["u0000001"]]


def test_an_event_without_keys_is_known_at_once(server: LookupServer, engines: list[LookupEngine]) -> None:
    desk = _desk(server, engines, EVERYTHING)
    found = desk.look(_fields(raw({"actor": {}, "attributes": {}, "context.page_url": ...})), time.monotonic())
    assert found is not None
    assert {answer.status for answer in found} == {"missing"}
    assert server.batches == []


KEYED = ("geo", "network", "referrer", "campaign", "user", "listing")
"""What has a text of the event as its key, user agents apart: any text is one."""


def _statuses(desk: EnrichmentLookup, payload: bytes) -> dict[str, str]:
    return _by_name(_answers(desk, _fields(payload)))


def _by_name(found: list[EnrichmentResult]) -> dict[str, str]:
    return {each.name: answer.status for each, answer in zip(ENRICHMENTS, found, strict=True)}


def test_a_key_that_is_there_and_cannot_be_used_is_invalid_and_nobody_is_asked(
    server: LookupServer, engines: list[LookupEngine]
) -> None:
    desk = _desk(server, engines, EVERYTHING)
    event = raw(
        {
            "actor.user_ipaddress": "somewhere",
            "actor.user_id": "u\x00",
            "context.page_url": "no page",
            "context.page_referrer": "nor this",
            "attributes.listing_id": "l\n",
        }
    )
    fields = _fields(event)
    waited = _by_name(desk.answered(desk.wait(fields, 0), fields, 0))
    for statuses in (_statuses(desk, event), waited):
        assert statuses.pop("user_agent") == "ok"
        assert {statuses[name] for name in KEYED} == {"invalid"}
    assert server.batches == []


def test_blank_keys_are_missing(server: LookupServer, engines: list[LookupEngine]) -> None:
    desk = _desk(server, engines, EVERYTHING)
    blank = {"actor.user_ipaddress": "-", "actor.user_id": " ", "actor.useragent": "", "context.page_url": ""}
    event = raw({**blank, "context.page_referrer": "-", "attributes.listing_id": " "})
    assert set(_statuses(desk, event).values()) == {"missing"}
    assert server.batches == []


@pytest.mark.parametrize(
    "written",
    ["81.2.69.142:51000", "81.2.69.142, 10.0.0.1", " 81.2.69.142", "::ffff:81.2.69.142", "10.0.0.1,81.2.69.142"],
)
def test_an_address_is_asked_for_in_one_form_and_once(
    server: LookupServer, engines: list[LookupEngine], written: str
) -> None:
    desk = _desk(server, engines, purpose("p", geo_city="keep"))
    for text in (written, "81.2.69.142", written):
        _answers(desk, _fields(raw({"actor.user_ipaddress": text})))
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
    desk = _desk(server, engines, purpose("p", refr_medium="keep"))
    for _ in range(2):  # worked out, then remembered
        found = _answers(desk, _fields(raw({"context.page_url": page, "context.page_referrer": referrer})))
        assert [f'"refr_medium":"{medium}"'.encode() in answer.fragments[0] for answer in found].count(True) == 1


def test_the_operators_list_of_crawlers_sees_agent_network_and_application() -> None:
    views = FragmentBuilder([purpose("p", user_agent_is_crawler="keep")])
    rules = parse_crawler_rules(["deny network 198.51.100.0/24", "deny app load-test", "allow agent curl"])
    user_agent = REGISTRY.bind(views, Settings(crawlers=rules))["user_agent"]

    def verdict(agent: str, address: str = "81.2.69.142", app: str = "web") -> bool:
        fields = _fields(raw({"actor.useragent": agent, "actor.user_ipaddress": address, "context.app_id": app}))
        return b'"user_agent_is_crawler":true' in user_agent(agent, fields, ()).fragments[0]

    assert not verdict("curl/8")
    assert verdict("curl/8", address="198.51.100.7")
    assert verdict("Mozilla/5.0 Firefox/130.0", app="load-test")
    assert not verdict("Mozilla/5.0 Firefox/130.0")
    assert verdict("Googlebot/2.1")


def test_who_waits_has_tickets_and_timeouts_for_what_did_not_come(
    server: LookupServer, engines: list[LookupEngine]
) -> None:
    server.delay_s = 1
    desk = _desk(server, engines, EVERYTHING)
    fields = _fields(EVENT)
    waited = desk.wait(fields, time.monotonic())
    statuses = _by_name(desk.answered(waited, fields, time.monotonic()))
    looked_up = {each.name for each in ENRICHMENTS if isinstance(each, Lookup)}
    assert looked_up == {"geo", "network", "user", "listing"}
    assert statuses == {name: "timeout" if name in looked_up else "ok" for name in statuses}


def test_a_key_that_was_left_out_was_there_and_could_not_be_used(
    server: LookupServer, engines: list[LookupEngine]
) -> None:
    desk = _desk(server, engines, EVERYTHING)
    odd = _fields(raw({"actor": {"user_ipaddress": []}, "attributes": {"listing_id": {}}, "context.page_url": ...}))
    found = desk.look(odd, time.monotonic())
    assert found is not None
    statuses = _by_name(found)
    invalid = {"geo", "network", "listing"}
    assert statuses == {name: "invalid" if name in invalid else "missing" for name in statuses}
    assert server.batches == []
