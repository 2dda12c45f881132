"""The guarantees for callers: one result per key, in order, each decodable with the contract's types."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec
import pytest

from contracts.lookup_api.lookups import MAX_KEYS, VALUE_TYPES, Geo, ListingProfile, UserProfile
from tests.lookup_service.lookup_harness import (
    BOXFORD,
    LONDON,
    MILTON,
    Keys,
    RedisServer,
    ask,
    client_of,
    statuses,
    value_of,
)

pytestmark = pytest.mark.anyio

USER = UserProfile(
    user_registered_tstamp=1_600_000_000_000, user_segment="casual", user_type="private", user_verified=True
)
LISTING = ListingProfile(listing_category="fashion", listing_price=12.5, listing_currency="EUR")


@pytest.fixture
async def client(redis_server: RedisServer, city: Path) -> AsyncIterator[httpx.AsyncClient]:
    redis_server.put(**{"user:u1": USER, "listing:l1": LISTING})
    async with client_of(redis_url=redis_server.url, geoip_city_path=city) as opened:
        yield opened


async def test_every_kind_in_order(client: httpx.AsyncClient) -> None:
    keys: Keys = [("listing", "l1"), ("ip", LONDON), ("user", "u1"), ("ip", MILTON), ("user", "u2")]
    results = await ask(client, keys)

    assert statuses(results) == ["ok", "ok", "ok", "ok", "missing"]
    values = [
        msgspec.json.decode(result.value, type=VALUE_TYPES[kind])
        for (kind, _), result in zip(keys, results, strict=True)
        if isinstance(result.value, msgspec.Raw)
    ]
    assert values == [
        LISTING,
        Geo(
            geo_country="GB",
            geo_region="ENG",
            geo_region_name="England",
            geo_city="London",
            geo_latitude=51.5142,
            geo_longitude=-0.0931,
            geo_timezone="Europe/London",
        ),
        USER,
        Geo(
            geo_country="US",
            geo_region="WA",
            geo_region_name="Washington",
            geo_city="Milton",
            geo_zipcode="98354",
            geo_latitude=47.2513,
            geo_longitude=-122.3149,
            geo_timezone="America/Los_Angeles",
        ),
    ]
    assert [result.source for result in results] == [
        "redis_profiles",
        "geoip",
        "redis_profiles",
        "geoip",
        "redis_profiles",
    ]
    assert [result.data_version is not None for result in results] == [False, True, False, True, False]
    assert all(result.age_ms is not None and result.age_ms >= 0 for result in results)


async def test_region_is_the_most_specific_one(client: httpx.AsyncClient) -> None:
    [result] = await ask(client, [("ip", BOXFORD)])
    assert value_of(result)["geo_region"] == "WBK"


async def test_each_duplicate_gets_a_result(client: httpx.AsyncClient) -> None:
    results = await ask(client, [("user", "u1"), ("ip", LONDON), ("user", "u1"), ("user", "no"), ("ip", LONDON)])
    assert statuses(results) == ["ok", "ok", "ok", "missing", "ok"]
    assert results[0] == results[2]
    assert results[1] == results[4]


async def test_equal_keys_of_two_kinds_are_different_keys(client: httpx.AsyncClient) -> None:
    assert statuses(await ask(client, [("user", "u1"), ("listing", "u1")])) == ["ok", "missing"]


async def test_no_keys_no_results(client: httpx.AsyncClient) -> None:
    assert await ask(client, []) == []


async def test_the_largest_number_of_keys(client: httpx.AsyncClient) -> None:
    keys: Keys = [("user", "u1"), ("ip", LONDON)] * (MAX_KEYS // 2)
    assert statuses(await ask(client, keys)) == ["ok"] * MAX_KEYS


@pytest.mark.parametrize(
    "record",
    [b"", b"{", b"\xff\xfe", b"[]", b'{"user_verified":"yes"}', b'{"user_type":"robot"}', b"[" * 100_000],
    ids=["empty", "cut", "not UTF-8", "array", "wrong type", "unknown value", "nested"],
)
async def test_a_corrupt_record_is_an_error_for_its_key_only(
    client: httpx.AsyncClient, redis_server: RedisServer, record: bytes
) -> None:
    redis_server.put(**{"user:bad": record})
    results = await ask(client, [("user", "bad"), ("user", "u1")])
    assert statuses(results) == ["error", "ok"]
    assert results[0].value is msgspec.UNSET


async def test_fields_outside_the_contract_are_not_returned(
    client: httpx.AsyncClient, redis_server: RedisServer
) -> None:
    redis_server.put(**{"user:u3": {"user_segment": "new", "email": "someone@example.org"}})
    [result] = await ask(client, [("user", "u3")])
    assert value_of(result) == {"user_segment": "new"}


async def test_a_batch_is_one_round_trip_for_each_source(client: httpx.AsyncClient, redis_server: RedisServer) -> None:
    await ask(client, [("user", f"u{n}") for n in range(100)] + [("listing", f"l{n}") for n in range(100)])
    assert redis_server.mget_calls() == 2


async def test_kinds_without_a_source_are_errors(redis_server: RedisServer) -> None:
    redis_server.put(**{"user:u1": USER})
    async with client_of(redis_url=redis_server.url) as client:
        results = await ask(client, [("ip", LONDON), ("user", "u1"), ("campaign", "a")])
    assert statuses(results) == ["error", "ok", "error"]
    assert results[0].source == "none"
