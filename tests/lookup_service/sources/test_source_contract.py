"""One test suite for every source and both databases: the behaviour that resolver and cache rely on."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assurance.servers.postgresql import PostgresqlServer
from assurance.servers.profile_api import Api, api_server, source_of
from common.secret import SecretUrl
from contracts.lookup_api.lookups import VALUE_TYPES, LookupResult
from lookup_service.seed.database import seed
from lookup_service.sources.address_ranges import AddressRangesOptions, open_address_ranges
from lookup_service.sources.derived import (
    CampaignOptions,
    ReferrerOptions,
    UserAgentOptions,
    open_campaign,
    open_referrer,
    open_user_agent,
)
from lookup_service.sources.mmdb.city import CityOptions, open_city
from lookup_service.sources.mmdb.network import MmdbNetworkOptions, open_mmdb_network
from lookup_service.sources.protocol import Source, State
from lookup_service.sources.redis.profiles import ProfileOptions, ProfilesUrl, open_profiles
from lookup_service.sources.sql.postgresql import PostgresqlOptions, open_postgresql
from lookup_service.sources.sql.sqlite import SqliteOptions, open_sqlite
from tests.lookup_service.lookup_harness import RedisServer, statuses
from tests.lookup_service.sources.test_watched_file import replace

pytestmark = pytest.mark.anyio

ODD_KEYS = [
    "", " ", "-", "\0", "\ud800", "'; DROP TABLE users; --", "%", "%ff", "é", "日本", "🚲", "a" * 2048, "\n", '"', "{}",
    "1.2.3.4.5", "::ffff:1.2.3.4", "::1", "10.0.0.1", "null", "u0000020", "..", "?", "?utm_source=", "http://", "\\",
]  # fmt: skip


@dataclass
class Case:
    source: Source
    known: list[str]
    """Keys with values that differ."""
    unknown: list[str]


Opened = Callable[[pytest.FixtureRequest, Api], Case]


def _user_agent(_request: pytest.FixtureRequest, _api: Api) -> Case:
    return Case(open_user_agent(UserAgentOptions()), ["curl/8.5.0", "Wget/1.20", "Googlebot/2.1"], ["", "-"])


def _referrer(_request: pytest.FixtureRequest, _api: Api) -> Case:
    source = open_referrer(ReferrerOptions(internal_hosts=("shop.example",)))
    return Case(source, ["https://google.com/?q=a", "https://shop.example/", "https://t.co/"], ["", "-"])


def _campaign(_request: pytest.FixtureRequest, _api: Api) -> Case:
    known = ["https://shop.example/?gclid=1", "/?utm_source=a", "?fbclid=2"]
    return Case(open_campaign(CampaignOptions()), known, ["https://shop.example/", "?q=1"])


def _mmdb_network(request: pytest.FixtureRequest, _api: Api) -> Case:
    asn, anonymous = request.getfixturevalue("asn"), request.getfixturevalue("anonymous_ip")
    options = MmdbNetworkOptions(asn_path=str(asn), anonymous_ip_path=str(anonymous))
    return Case(open_mmdb_network(options), ["1.128.0.0", "1.2.0.1", "81.2.69.142", "::ffff:1.128.0.0"], ["8.8.8.8"])


def _ranges(request: pytest.FixtureRequest, _api: Api) -> Case:
    path: Path = request.getfixturevalue("tmp_path") / "ranges"
    replace(path, "1.2.3.0/24 spam\n1.2.4.0/24 scanner\n2a00::/16 botnet\n")
    source = open_address_ranges(AddressRangesOptions(path=str(path), meaning="reputation"))
    return Case(source, ["1.2.3.4", "1.2.4.4", "2a00::1"], ["9.9.9.9", "2b00::1"])


def _sqlite(request: pytest.FixtureRequest, _api: Api) -> Case:
    path: Path = request.getfixturevalue("tmp_path") / "profiles.db"
    seed(f"sqlite:///{path}", user_count=40, listing_count=40, seed_number=1)
    source = open_sqlite(SqliteOptions(kind="user", path=str(path), timeout_ms=5000))
    return Case(source, ["u0000001", "u0000002", "u0000019"], ["u0000020", "u0000041", "U0000001"])


def _postgresql(request: pytest.FixtureRequest, _api: Api) -> Case:
    server: PostgresqlServer = request.getfixturevalue("seeded_postgresql")
    source = open_postgresql(PostgresqlOptions(kind="listing", url=SecretUrl(server.url), timeout_ms=5000))
    return Case(source, ["l00000001", "l00000002", "l00000019"], ["l00000020", "l99999999", "L00000001"])


def _http_api(_request: pytest.FixtureRequest, api: Api) -> Case:
    source = source_of(api, timeout_ms=5000, requests_per_second=1e6, burst=10_000)
    return Case(source, ["u1", "a/b?c=d&é #"], ["u2", "empty"])


def _geoip_city(request: pytest.FixtureRequest, _api: Api) -> Case:
    city: Path = request.getfixturevalue("city")
    return Case(open_city(CityOptions(path=city)), ["81.2.69.142", "2.125.160.216", "2001:218::1"], ["8.8.8.8", "x"])


def _redis_profiles(request: pytest.FixtureRequest, _api: Api) -> Case:
    server: RedisServer = request.getfixturevalue("redis_server")
    server.put(**{"user:a": {"user_segment": "x"}, "user:b": {"user_verified": True}})
    source = open_profiles(ProfileOptions(kind="user", url=ProfilesUrl(server.url), timeout_ms=5000))
    return Case(source, ["a", "b"], ["c", "A", "user:a"])


CASES: dict[str, Opened] = {
    "geoip_city": _geoip_city,
    "redis_profiles": _redis_profiles,
    "user_agent": _user_agent,
    "referrer": _referrer,
    "campaign": _campaign,
    "mmdb_network": _mmdb_network,
    "address_ranges": _ranges,
    "sqlite": _sqlite,
    "postgresql": _postgresql,
    "http_api": _http_api,
}
WITH_A_SERVER = ("redis_profiles", "postgresql")


@pytest.fixture(
    params=[pytest.param(name, marks=[pytest.mark.servers] if name in WITH_A_SERVER else []) for name in CASES]
)
def case_name(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if name == "postgresql":
        request.getfixturevalue("seeded_postgresql")  # before the event loop runs
    return name


@pytest.fixture
async def case(case_name: str, request: pytest.FixtureRequest) -> AsyncIterator[Case]:
    async with api_server() as api:
        opened = CASES[case_name](request, api)
        yield opened
        await opened.source.close()


async def test_every_known_key_has_a_value_of_its_kind(case: Case) -> None:
    for result in await case.source.lookup(case.known):
        assert result.status == "ok"
        value = valid_value(case.source, result)
        assert value != VALUE_TYPES[case.source.kind]()


async def test_results_are_in_the_order_of_the_keys_including_duplicates(case: Case) -> None:
    keys = [*case.known, *case.unknown, *reversed(case.known), case.known[0], case.unknown[0], case.known[0]]
    together = await case.source.lookup(keys)
    one_by_one = [(await case.source.lookup([key]))[0] for key in keys]
    assert together == one_by_one
    assert len({bytes(result.value) for result in together if isinstance(result.value, msgspec.Raw)}) > 1


async def test_unknown_keys_have_no_value(case: Case) -> None:
    for result in await case.source.lookup(case.unknown):
        assert result.status in ("missing", "invalid")
        assert result.value is msgspec.UNSET


async def test_no_keys(case: Case) -> None:
    assert list(await case.source.lookup([])) == []


async def test_odd_keys_each_get_a_result_and_do_not_affect_others(case: Case) -> None:
    results = await case.source.lookup([*ODD_KEYS, *case.known])
    assert len(results) == len(ODD_KEYS) + len(case.known)
    assert set(statuses(results[: len(ODD_KEYS)])) <= {"ok", "missing", "invalid"}
    assert set(statuses(results[len(ODD_KEYS) :])) == {"ok"}
    for result in results:
        valid_value(case.source, result)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(keys=st.lists(st.text(st.characters(), max_size=60) | st.ip_addresses().map(str), max_size=20))
async def test_any_keys_each_get_a_result_and_do_not_affect_others(case: Case, keys: list[str]) -> None:
    results = await case.source.lookup([*keys, *case.known])
    assert len(results) == len(keys) + len(case.known)
    assert set(statuses(results[: len(keys)])) <= {"ok", "missing", "invalid"}
    assert set(statuses(results[len(keys) :])) == {"ok"}
    for result in results:
        valid_value(case.source, result)


async def test_a_batch_larger_than_any_request(case: Case) -> None:
    keys = [f"{case.unknown[0]}{n}" for n in range(1500)] + case.known
    results = await case.source.lookup(keys)
    assert statuses(results[-len(case.known) :]) == ["ok"] * len(case.known)
    assert len(results) == len(keys)


async def test_results_name_source_and_data_version(case: Case) -> None:
    for result in await case.source.lookup([*case.known, *case.unknown]):
        assert result.source == case.source.name
        assert result.data_version == case.source.data_version
        assert result.age_ms == 0


async def test_check_reports_a_working_source(case: Case) -> None:
    state = await case.source.check()
    assert state.state in get_args(State)
    assert (state.state, state.data_version) == ("ok", case.source.data_version)


async def test_a_closed_source_may_be_closed_again(case: Case) -> None:
    await case.source.lookup(case.known)
    await case.source.close()
    await case.source.close()


async def test_a_source_may_be_closed_before_use(case: Case) -> None:
    await case.source.close()


def valid_value(source: Source, result: LookupResult) -> object:
    """The value in the contract's type; None unless the status is ok."""
    if result.status != "ok":
        assert result.value is msgspec.UNSET
        return None
    assert isinstance(result.value, msgspec.Raw)
    kind = VALUE_TYPES[source.kind]
    assert set(msgspec.json.decode(result.value, type=dict[str, object])) <= set(kind.__struct_fields__)
    return msgspec.json.decode(result.value, type=kind)
