"""The table and its functions: what is wrong with a row is said at the start, with the row's name."""

import sys
from collections.abc import Callable
from types import ModuleType

import msgspec
import pytest

from contracts.enrichments import ENRICHMENTS, Derived, Enrichment, Lookup
from contracts.lookup_api.lookups import Status
from core.derived.interface import Memo, MemoByKey, MemoByText, Reason, Settings
from core.flat_event import BadRow, EnrichmentResult
from core.flatten import flatten
from core.fragments import FragmentBuilder
from core.registry import REGISTRY, Registry, RegistryError
from tests.core.samples import raw
from tests.core.test_fragments import purpose

PACKAGE = "registry_samples"


class Length(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    length: int | None = None


class Twice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    twice: int | None = None


GEO = Lookup("geo", kind="ip", key="user_ipaddress")
LENGTH = Derived("length", inputs=("geo.geo_timezone",), fields=Length)
TWICE = Derived("twice", inputs=("length.length", "app_id"), fields=Twice)


def length(geo_timezone: str) -> Length | Reason:
    return Length(length=len(geo_timezone)) if geo_timezone != "nowhere" else "invalid"


def twice(length: int, app_id: str | None) -> Twice | Reason:
    return Twice(twice=2 * length)


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def put(name: str, **members: object) -> None:
        module = ModuleType(f"{PACKAGE}.{name}")
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, f"{PACKAGE}.{name}", module)

    monkeypatch.setitem(sys.modules, PACKAGE, ModuleType(PACKAGE))
    put("length", compute=length)
    put("twice", compute=twice)
    return put


def _other_inputs(app_id: str) -> Length | Reason:
    return "missing"


def _other_fields(geo_timezone: str) -> Twice | Reason:
    return "missing"


def _untyped(geo_timezone):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    return "missing"


@pytest.mark.parametrize(
    ("table", "members", "message"),
    [
        ((GEO, Derived("nothing", ("app_id",), Length)), {}, "nothing: there is no module registry_samples.nothing"),
        ((GEO, LENGTH), {"compute": None}, "length: registry_samples.length has no function compute"),
        ((GEO, LENGTH), {"compute": _other_inputs}, "length: .* takes app_id; its inputs are geo_timezone"),
        ((GEO, LENGTH), {"compute": _other_fields}, "length: .* its fields are Length"),
        ((GEO, LENGTH), {"compute": _untyped}, "length: .* its fields are Length"),
        ((GEO, Derived("length", ("geo.geo_moon",), Length)), {}, "length: the enrichment geo has no field 'geo_moon'"),
        ((GEO, Derived("length", ("moon",), Length)), {}, "length: the event has no field 'moon'"),
        ((GEO, Derived("length", (), Length)), {}, "length: it has no input"),
        ((LENGTH, GEO), {}, "length: 'geo.geo_timezone' is of no enrichment above it"),
        ((Derived("length", ("length.length",), Length),), {}, "length: 'length.length' is of no enrichment above it"),
        ((GEO, TWICE, LENGTH), {}, "twice: 'length.length' is of no enrichment above it"),
        ((GEO, LENGTH, LENGTH), {}, "length: two enrichments have this name"),
        ((Lookup("geo", "ip", "moon"),), {}, "geo: the event has no field 'moon'"),
        ((GEO, Lookup("other", "ip", "geo.geo_city")), {}, "other: 'geo.geo_city' is of no enrichment above it"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_stops_the_start_with_the_name(
    modules: Callable[..., None], table: tuple[Enrichment, ...], members: dict[str, object], message: str
) -> None:
    if members:
        modules("length", **members)
    with pytest.raises(RegistryError, match=message):
        Registry(table, PACKAGE)


def test_an_import_that_fails_inside_of_a_module_is_not_hidden() -> None:
    with pytest.raises(ModuleNotFoundError, match="ua_parsers"):
        Registry((GEO, Derived("broken_import", ("app_id",), Length)), "tests.core.registry_samples")


PREPARED = flatten(raw(), 1, 1)
assert not isinstance(PREPARED, BadRow)
FIELDS = PREPARED.fields
TABLE = (GEO, LENGTH, TWICE)


@pytest.mark.parametrize(
    ("geo", "statuses", "value"),
    [
        (("ok", "abc"), ("ok", "ok"), b'{"twice":6}'),
        (("stale", "abc"), ("stale", "stale"), b'{"twice":6}'),
        (("missing", None), ("missing", "missing"), b""),
        (("invalid", None), ("missing", "missing"), b""),
        (("timeout", None), ("timeout", "timeout"), b""),
        (("error", None), ("error", "error"), b""),
        (("ok", None), ("missing", "missing"), b""),
        (("ok", "nowhere"), ("invalid", "missing"), b""),
    ],
)
@pytest.mark.parametrize("memo", [None, MemoByText(9, 9), MemoByKey(9, len)], ids=["none", "by text", "by key"])
def test_a_derived_enrichment_may_use_another_derived_one(
    modules: Callable[..., None],
    memo: Memo | None,
    geo: tuple[Status, str | None],
    statuses: tuple[str, str],
    value: bytes,
) -> None:
    modules("length", compute=length, memo=lambda _: memo)
    builder = FragmentBuilder((purpose("p", geo_city="keep"),), TABLE)
    derived = Registry(TABLE, PACKAGE).bind(builder, Settings())
    for _ in range(2):  # computed, then remembered
        found = [EnrichmentResult(geo[0], b"", (b"",), geo[1:])]
        for name in ("length", "twice"):
            found.append(derived[name](FIELDS.event_id, FIELDS, found))
        assert tuple(each.status for each in found[1:]) == statuses
        assert found[-1].value == value


def _memos() -> list[Memo | None]:
    return [None, MemoByText(2, 5), MemoByKey(2, lambda app_id: app_id if len(app_id) <= 5 else None)]


@pytest.mark.parametrize("memo", _memos(), ids=["none", "by text", "by key"])
def test_results_are_remembered_as_the_module_says(modules: Callable[..., None], memo: Memo | None) -> None:
    computed: list[str] = []

    def compute(app_id: str) -> Length | Reason:
        computed.append(app_id)
        return Length(length=len(app_id))

    modules("length", compute=compute, memo=lambda _: memo)
    table = (Derived("length", ("app_id",), Length),)
    derive = Registry(table, PACKAGE).bind(FragmentBuilder((), table), Settings())["length"]
    for text in ("a", "a", "too long", "too long", "b", "c", "a"):
        assert derive(text, FIELDS, ()).value == b'{"length":%d}' % len(text)
    assert computed == (
        ["a", "a", "too long", "too long", "b", "c", "a"]
        if memo is None
        else ["a", "too long", "too long", "b", "c", "a"]  # of two the older one was forgotten
    )


def test_a_module_is_prepared_and_gets_the_settings(modules: Callable[..., None]) -> None:
    prepared: list[bool] = []

    def compute(app_id: str, *, settings: Settings) -> Length | Reason:
        return Length(length=len(settings.internal_hosts))

    modules("length", compute=compute, prepare=lambda: prepared.append(True))
    table = (Derived("length", ("app_id",), Length),)
    bound = Registry(table, PACKAGE).bind(FragmentBuilder((), table), Settings(frozenset({"a", "b"})))
    assert prepared == [True]
    assert bound["length"]("x", FIELDS, ()).value == b'{"length":2}'


def test_the_projects_own_rows_are_bound() -> None:
    names = {each.name for each in ENRICHMENTS if isinstance(each, Derived)}
    assert REGISTRY.bind(FragmentBuilder(()), Settings()).keys() == names
