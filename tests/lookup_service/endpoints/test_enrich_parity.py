"""The job and ``/v1/enrich`` give the same result for the same event, whatever the event contains."""

import asyncio
import copy
import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.lookup_api.lookups import KINDS, VALUE_TYPES, Kind, LookupKey, LookupResult
from contracts.purposes.model import EVERYTHING
from core.derived.interface import Settings
from core.flat_event import BadRow, EnrichmentResult
from core.flatten import flatten
from core.fragments import FragmentBuilder
from core.lookups.counts import Counts
from core.lookups.enrichment_lookup import EnrichmentLookup
from core.lookups.lookup_results import LookupResults
from core.lookups.pending_lookup import PendingLookup
from core.lookups.result_cache import ResultCache
from core.privacy.payload_protection import scrubbed
from core.privacy.pseudonyms import no_pseudonym
from core.projection import Projection
from core.registry import REGISTRY
from core.rejected_records import failed_record
from lookup_service.endpoints.enrich import derived_by, enrich_events
from lookup_service.resolving.caching.cached_source import CachedSource
from lookup_service.resolving.resolver import Resolver
from lookup_service.sources.cache_policy import MEMORY_ONLY
from lookup_service.sources.derived import ReferrerOptions, open_referrer
from lookup_service.sources.protocol import SourceState
from producers.synthetic.generator import GeneratorSettings, generate
from tests.core.samples import raw

HOSTS = ("shop.example", "marketplace.example")
COLLECTED = 1_790_000_000_000
NO_SUCH_RECORD: Mapping[int, LookupResult] = {
    0: LookupResult(status="missing", source="x"),
    1: LookupResult(status="error", source="x"),
    2: LookupResult(status="timeout", source="x"),
}
VALUES: Mapping[Kind, Mapping[str, object]] = {
    "ip": {"geo_country": "GB", "geo_city": "London", "geo_latitude": 51.5, "geo_timezone": "Europe/London"},
    "network": {"as_number": 64_500, "ip_is_anonymous": True},
    "user": {"user_segment": "regular", "user_verified": True, "user_registered_tstamp": 1_600_000_000_000},
    "listing": {"listing_price": 12.5, "listing_currency": "EUR"},
}


def record(kind: Kind, key: str) -> LookupResult:
    """The result for a key in both: some keys have a value, some none, some fail."""
    failing = NO_SUCH_RECORD.get(sum(map(ord, key)) % 7)
    if failing is not None:
        return failing
    return LookupResult(status="ok", value=msgspec.Raw(msgspec.json.encode(VALUES[kind])), source="x")


class Recorded:
    """The service's source; it returns :func:`record`."""

    data_version = None

    def __init__(self, kind: Kind) -> None:
        self.kind: Kind = kind
        self.name = f"recorded-{kind}"

    async def lookup(self, keys: Sequence[str]) -> list[LookupResult]:
        return [record(self.kind, key) for key in keys]

    async def check(self) -> SourceState:
        return SourceState(state="ok")

    async def close(self) -> None:
        """No-op: the source holds nothing."""


class Instant:
    """Replaces the job's lookup engine; its results are available at once."""

    cache: Mapping[Kind, ResultCache] = dict.fromkeys(KINDS, ResultCache(0))

    def __init__(self, builder: FragmentBuilder) -> None:
        self.counts = Counts()
        self._results = LookupResults(builder)

    def ask(self, kind: Kind, key: str, now: float) -> PendingLookup:
        return PendingLookup(LookupKey(kind, key), self._results.of_result(kind, record(kind, key)), now)

    def on_timeout(self, pending: PendingLookup, now: float) -> EnrichmentResult:
        assert pending.result is not None, now
        return pending.result


BUILDER = FragmentBuilder((EVERYTHING,))
PROJECTION = Projection(EVERYTHING, 0, None)
LOOKUP = EnrichmentLookup(Instant(BUILDER), BUILDER, REGISTRY.bind(BUILDER, Settings(internal_hosts=frozenset(HOSTS))))


def by_the_job(event: bytes, etl_tstamp: int) -> bytes:
    prepared = flatten(event, COLLECTED, etl_tstamp)
    if isinstance(prepared, BadRow):
        return failed_record(event, prepared, COLLECTED, etl_tstamp, scrubbed)[2]
    results = LOOKUP.get_cached(prepared, 0)
    assert results is not None
    own_fields = PROJECTION.event_fields_json(prepared.fields, no_pseudonym)
    return b"".join((own_fields, *(each.fragments[0] for each in results.enrichments), b"}"))


@cache
def service() -> list[CachedSource]:
    """The service's sources, with the job's internal hosts and only the packaged rules."""
    sources: list[CachedSource] = [CachedSource(Recorded(kind), MEMORY_ONLY, None, local=True) for kind in VALUES]
    referrer = open_referrer(ReferrerOptions(internal_hosts=HOSTS))
    return [*sources, CachedSource(referrer, MEMORY_ONLY, None, local=True)]


def by_the_service(events: Sequence[bytes]) -> list[bytes]:
    resolver = Resolver({cached.kind: cached for cached in service()})
    answer = asyncio.run(
        enrich_events(events, resolver, derived_by(service()), collector_tstamp=COLLECTED, budget_s=30)
    )
    return [bytes(result.event) for result in answer.results]


def assert_equal(events: Sequence[bytes]) -> list[dict[str, Any]]:
    """Byte for byte; returns the events."""
    answered = by_the_service(events)
    found = [msgspec.json.decode(event, type=dict[str, Any]) for event in answered]
    etl = next((event["etl_tstamp"] for event in found if "etl_tstamp" in event), 0)
    assert answered == [by_the_job(event, etl) for event in events]
    return found


def test_generated_events() -> None:
    settings = GeneratorSettings(events=2_000, start_ms=COLLECTED, users=200, listings=200)
    found = assert_equal([record.value for record in generate(settings)])
    names = ("geo_status", "campaign_status", "calendar_status")
    statuses = {name: {event[name] for event in found if name in event} for name in names}
    assert {"ok", "missing", "error", "timeout"} <= statuses["geo_status"]
    assert {"ok", "missing"} <= statuses["campaign_status"]
    assert {"ok"} <= statuses["calendar_status"]
    assert {event.get("calendar_is_holiday") for event in found} == {None, False}


def test_an_address_longer_than_any_key() -> None:
    end = "&utm_source=newsletter&utm_medium=email"
    address = "https://www.example.org/l/1?q="
    address += "x" * (2_180 - len(address) - len(end)) + end
    assert len(address) == 2_180
    [event] = assert_equal([raw({"context.page_url": address})])
    assert (event["mkt_source"], event["mkt_medium"]) == ("newsletter", "email")
    assert event["campaign_status"] == "ok"


@pytest.mark.parametrize("field", ["actor.useragent", "context.page_referrer"])
@pytest.mark.parametrize("length", [2_048, 2_049, 8_000, 8_192, 9_000])
def test_texts_longer_than_any_key(field: str, length: int) -> None:
    text = "https://www.google.com/search?q=" if "referrer" in field else "curl/8.5.0 "
    assert_equal([raw({field: text.ljust(length, "a")})])


def test_a_visit_from_an_internal_host() -> None:
    [event] = assert_equal([raw({"context.page_referrer": "https://www.shop.example/x"})])
    assert event["refr_medium"] == "internal"


ADDRESSES = st.one_of(
    st.ip_addresses().map(str),
    st.ip_addresses(v=4).map("::ffff:{}".format),
    st.ip_addresses(v=4).map("{}:51000".format),
    st.ip_addresses(v=6).map("[{}]:443".format),
    st.lists(st.ip_addresses().map(str), max_size=6).map(", ".join),
    st.text("0123456789abcdef.:%[], ", max_size=70),
)
PAGES = st.builds(
    "{}{}{}".format,
    st.sampled_from(
        ["https://www.example.org/", "https://shop.example/a?", "//x", "", "android-app://com.x", "HTTP://É/"]
    ),
    st.text(st.characters(), max_size=30) | st.integers(2_000, 8_300).map("x".__mul__),
    st.sampled_from(["", "?utm_source=a&utm_medium=b", "&amp;utm_source=a", "?gclid=1", "#utm_source=a", "?q=\ud83d"]),
)
AGENTS = st.sampled_from(["", "-", "Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0", "Googlebot/2.1", "\ud800"])
ANY = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.just({}), st.just([]),
    st.text(st.characters(), max_size=40),
    st.text(st.characters(), min_size=1, max_size=3).map(lambda text: text * 1_000),
)  # fmt: skip
CHANGES: Mapping[str, st.SearchStrategy[Any]] = {
    "actor.user_ipaddress": ADDRESSES | ANY,
    "actor.useragent": AGENTS | ANY,
    "actor.user_id": st.text(st.characters(), max_size=140) | ANY,
    "context.page_url": PAGES | ANY,
    "context.page_referrer": PAGES | ANY,
    "context.page_title": ANY,
    "context.os_timezone": st.sampled_from(["Europe/Berlin", "Asia/Kathmandu", "Mars/Olympus", "-"]) | ANY,
    "context.dvce_screenwidth": ANY,
    "attributes.listing_id": st.text(st.characters(), max_size=140) | ANY,
    "attributes.price": ANY,
    "attributes.currency": st.sampled_from(["eur", "EUR", ""]) | ANY,
    "times.dvce_created_tstamp": ANY,
    "event_id": ANY,
}


@cache
def originals() -> list[dict[str, Any]]:
    settings = GeneratorSettings(events=60, start_ms=COLLECTED, users=50, listings=50)
    sound = [record.value for record in generate(settings) if record.kind == "event"]
    return [json.loads(value) for value in sound]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A generated event with some values replaced by unusual ones, among them half a surrogate pair."""
    event = copy.deepcopy(draw(st.sampled_from(originals())))
    for path in draw(st.lists(st.sampled_from(sorted(CHANGES)), max_size=4, unique=True)):
        *parents, last = path.split(".")
        level = event
        for parent in parents:
            level = level.setdefault(parent, {})
        level[last] = draw(CHANGES[path])
    return json.dumps(event, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(events=st.lists(mutated() | st.binary(max_size=40), max_size=5))
def test_any_event(events: list[bytes]) -> None:
    assert_equal(events)


def test_all_values_of_the_fake_source_are_in_the_contract() -> None:
    for kind, value in VALUES.items():
        msgspec.convert(value, VALUE_TYPES[kind])
