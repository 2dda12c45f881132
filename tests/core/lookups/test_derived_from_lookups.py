"""An enrichment that is derived from a looked-up one, in both ways through :class:`EnrichmentLookup`."""

import sys
from collections.abc import Mapping
from types import ModuleType

import msgspec
import pytest

from contracts.enrichments import ENRICHMENTS, Derived
from contracts.lookup_api.lookups import KINDS, Kind, LookupKey, LookupResult, Status
from contracts.purposes.model import EVERYTHING, Purpose
from core.derived.interface import Reason, Settings
from core.flat_event import BadRow, EnrichmentResult, FlatEvent
from core.flatten import flatten
from core.fragments import FragmentBuilder
from core.lookups.counts import Counts
from core.lookups.enrichment_lookup import EnrichmentLookup
from core.lookups.lookup_results import LookupResults
from core.lookups.pending_lookup import PendingLookup
from core.lookups.result_cache import ResultCache
from core.registry import REGISTRY, Registry
from tests.core.samples import raw
from tests.core.test_fragments import purpose

BERLIN = b'{"geo_country":"DE","geo_timezone":"Europe/Berlin"}'
SUNDAY = 1_700_349_300_000
"""2023-11-18T23:15Z, the 19th in Berlin."""
KNOWN = b'"calendar_weekday":7,"calendar_hour":0,"calendar_is_weekend":true'


class OneAnswer:
    """An engine whose service says the same of every address, at once or when the event waits no longer."""

    cache: Mapping[Kind, ResultCache] = dict.fromkeys(KINDS, ResultCache(0))

    def __init__(self, builder: FragmentBuilder, status: Status, *, at_once: bool) -> None:
        self.counts = Counts()
        self.asked: list[Kind] = []
        self._results = LookupResults(builder)
        self._status, self._at_once = status, at_once

    def ask(self, kind: Kind, key: str, now: float) -> PendingLookup:
        self.asked.append(kind)
        return PendingLookup(LookupKey(kind, key), self._answer(kind) if self._at_once else None, now)

    def on_timeout(self, pending: PendingLookup, now: float) -> EnrichmentResult:
        return pending.result or self._answer(pending.key.kind)

    def _answer(self, kind: Kind) -> EnrichmentResult:
        value = msgspec.Raw(BERLIN) if self._status in ("ok", "stale") else msgspec.UNSET
        return self._results.of_result(kind, LookupResult(status=self._status, value=value))


def results(
    status: Status, changes: dict[str, object], *, at_once: bool, of: Purpose = EVERYTHING
) -> tuple[dict[str, EnrichmentResult], list[Kind]]:
    prepared = flatten(raw(changes), SUNDAY, SUNDAY)
    assert not isinstance(prepared, BadRow)
    event = FlatEvent(prepared.raw, msgspec.structs.replace(prepared.fields, derived_tstamp=SUNDAY))
    builder = FragmentBuilder((of,))
    engine = OneAnswer(builder, status, at_once=at_once)
    lookup = EnrichmentLookup(engine, builder, REGISTRY.bind(builder, Settings()))
    found = lookup.get_cached(event, 0.0) if at_once else lookup.resolve(lookup.get_or_pending(event, 0.0), event, 0.0)
    assert found is not None
    return dict(zip((each.name for each in ENRICHMENTS), found.enrichments, strict=True)), engine.asked


TOKYO: dict[str, object] = {"context.os_timezone": "Asia/Tokyo"}
NO_ZONE: dict[str, object] = {"context.os_timezone": "x"}
NO_ADDRESS: dict[str, object] = {"actor": {}}


@pytest.mark.parametrize("at_once", [True, False], ids=["hot", "cold"])
@pytest.mark.parametrize(
    ("geo", "changes", "status", "member"),
    [
        ("ok", {}, "ok", KNOWN + b',"calendar_is_holiday":false'),
        ("stale", {}, "stale", KNOWN + b',"calendar_is_holiday":false'),
        ("ok", TOKYO, "ok", b'"calendar_weekday":7,"calendar_hour":8,"calendar_is_weekend":true,"calendar_is_h'),
        ("missing", {}, "missing", b""),
        ("missing", TOKYO, "ok", b'"calendar_is_weekend":true,"calendar_status"'),
        ("timeout", {}, "timeout", b""),
        ("timeout", TOKYO, "ok", b'"calendar_is_weekend":true,"calendar_status"'),
        ("timeout", NO_ZONE, "timeout", b""),
        ("error", {}, "error", b""),
        ("missing", NO_ZONE, "invalid", b""),
        ("ok", NO_ADDRESS, "missing", b""),
    ],
)
def test_the_status_is_that_of_what_it_is_derived_from(
    geo: Status, changes: dict[str, object], status: str, member: bytes, at_once: bool
) -> None:
    found, _ = results(geo, changes, at_once=at_once)
    assert found["calendar"].status == status
    assert member in found["calendar"].fragments[0]
    assert (b"calendar_hour" in found["calendar"].fragments[0]) == bool(member)


@pytest.mark.parametrize("at_once", [True, False], ids=["hot", "cold"])
def test_it_is_looked_up_though_no_purpose_sees_it(at_once: bool) -> None:
    found, asked = results("ok", {}, at_once=at_once, of=purpose("p", calendar_hour="keep"))
    assert asked == ["ip"]
    assert found["geo"].fragments == (b"",)
    assert found["calendar"].fragments == (b',"calendar_hour":0,"calendar_status":"ok"',)


@pytest.mark.parametrize("at_once", [True, False], ids=["hot", "cold"])
def test_nothing_is_derived_that_no_purpose_sees(at_once: bool) -> None:
    found, asked = results("ok", TOKYO, at_once=at_once, of=purpose("p", user_segment="keep"))
    assert asked == ["user"]
    assert {found[name].fragments for name in ("geo", "calendar", "user_agent")} == {(b"",)}


class Zone(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    zone: str | None = None


def compute(page_url: str, geo_timezone: str | None) -> Zone | Reason:
    return Zone(zone=geo_timezone)


@pytest.mark.parametrize(
    ("page", "status"),
    [("https://shop.example/", "ok"), (..., "missing"), ({}, "invalid")],
    ids=["there", "not", "odd"],
)
def test_without_its_first_input_there_is_nothing_to_derive(
    monkeypatch: pytest.MonkeyPatch, page: object, status: str
) -> None:
    module = ModuleType("samples.zone")
    vars(module)["compute"] = compute
    monkeypatch.setitem(sys.modules, "samples.zone", module)
    geo, user = (each for each in ENRICHMENTS if each.name in ("geo", "user"))
    table = (geo, Derived("zone", ("page_url", "geo.geo_timezone"), Zone), user)
    purposes = (purpose("p", zone="keep", user_segment="keep"),)
    builder = FragmentBuilder(purposes, table)
    prepared = flatten(raw({"context.page_url": page}), SUNDAY, SUNDAY)
    assert not isinstance(prepared, BadRow)
    derived = Registry(table, "samples").bind(builder, Settings())
    engine = OneAnswer(builder, "ok", at_once=True)
    lookup = EnrichmentLookup(engine, builder, derived, subject_keys=OneAnswer(builder, "missing", at_once=True))
    pending = lookup.get_or_pending(prepared, 0.0)
    for found in (lookup.get_cached(prepared, 0.0), lookup.resolve(pending, prepared, 0.0)):
        assert found is not None
        assert found.subject_key is not None
        assert [each.status for each in (*found.enrichments, found.subject_key)] == ["ok", status, "ok", "missing"]
