"""Results that processes share through a real Redis, and the effect of invalidation and new data."""

import asyncio

import msgspec
import pytest

from lookup_service.resolving.caching.entry import REFRESH_AHEAD
from lookup_service.resolving.shared_redis import SharedRedis
from tests.lookup_service.fake_sources import Fake
from tests.lookup_service.lookup_harness import RedisServer, value_of
from tests.lookup_service.resolving.cache_harness import POLICY, Clock, cached, get, settle

pytestmark = pytest.mark.anyio


async def test_a_requested_key_is_refreshed_before_it_is_stale(clock: Clock, redis: SharedRedis) -> None:
    source = Fake()
    cache = cached(source, clock, redis)
    await get(cache, clock)
    clock.pass_s(100 * (1 - REFRESH_AHEAD))
    assert (await get(cache, clock)).status == "ok"
    await settle()
    assert len(source.queries) == 2
    clock.pass_s(50)
    assert (await get(cache, clock)).result(clock()).age_ms == 50_000


async def test_another_process_finds_the_result_in_redis(clock: Clock, redis: SharedRedis) -> None:
    first, second = Fake(), Fake()
    await get(cached(first, clock, redis), clock)
    await get(cached(first, clock, redis), clock, "no")
    await settle()
    clock.pass_s(5)
    cache = cached(second, clock, redis)
    entry = await get(cache, clock)
    assert (entry.status, value_of(entry.result(clock()))) == ("ok", {"key": "a"})
    assert entry.result(clock()).age_ms == 5000
    assert (await get(cache, clock, "no")).status == "missing"
    assert second.queries == []
    assert (first.queries, await get(cache, clock)) == ([["a"], ["no"]], entry)


async def test_keys_in_redis_contain_no_addresses_and_expire(
    clock: Clock, redis: SharedRedis, redis_server: RedisServer
) -> None:
    source = Fake("ip")
    source.data_version = "City/2026"
    await get(cached(source, clock, redis), clock, "81.2.69.142")
    await settle()
    [key] = redis_server.client.scan_iter()
    assert key.startswith(b"lk:ip:fake-ip:City/2026:")
    assert b"81.2" not in key
    assert 140_000 < int(redis_server.client.pttl(key)) <= 150_000  # type: ignore[arg-type]  # not the asynchronous client


async def test_a_damaged_value_in_redis_is_fetched_again(
    clock: Clock, redis: SharedRedis, redis_server: RedisServer
) -> None:
    await get(cached(Fake(), clock, redis), clock)
    await settle()
    [key] = redis_server.client.scan_iter()
    other_formats = [msgspec.msgpack.encode([format_number, "ok", b"{", 0, 0]) for format_number in (1, 2)]
    for value in (b"", b"{}", b"\xff", *other_formats):
        redis_server.client.set(key, value)
        source = Fake()
        assert (await get(cached(source, clock, redis), clock)).status == "ok"
        assert source.queries == [["a"]]
        await settle()


async def test_results_of_older_data_are_not_served(clock: Clock, redis: SharedRedis) -> None:
    source = Fake()
    source.data_version = "1"
    cache = cached(source, clock, redis)
    assert (await get(cache, clock)).result(clock()).data_version == "1"
    source.data_version = "2"
    assert (await get(cache, clock)).result(clock()).data_version == "2"
    await settle()
    source.data_version = "1"
    await get(cache, clock)
    assert len(source.queries) == 2  # Redis still has the results of the first build


async def test_an_invalidated_key_is_fetched_again_in_every_process(clock: Clock, redis: SharedRedis) -> None:
    source = Fake()
    cache = cached(source, clock, redis)
    await get(cache, clock)
    await settle()
    assert await cache.invalidate("a") == (2, True)
    assert await cache.invalidate("a") == (0, True)
    await get(cache, clock)
    assert len(source.queries) == 2


async def test_a_result_in_flight_when_its_key_is_invalidated_is_not_cached(clock: Clock, redis: SharedRedis) -> None:
    source = Fake()
    source.released.clear()
    cache = cached(source, clock, redis)
    asking = asyncio.create_task(get(cache, clock))
    await settle()
    await cache.invalidate("a")
    source.released.set()
    await asking
    await settle()
    await get(cache, clock)
    assert len(source.queries) == 2


async def test_memory_entries_expire_because_another_process_may_have_invalidated_them(
    clock: Clock, redis: SharedRedis
) -> None:
    source = Fake()
    one, other = (cached(source, clock, redis, msgspec.structs.replace(POLICY, memory_s=30)) for _ in range(2))
    await get(one, clock)
    await settle()
    await get(other, clock)
    await one.invalidate("a")
    clock.pass_s(20)
    await get(other, clock)
    assert len(source.queries) == 1
    clock.pass_s(10)
    await get(other, clock)
    assert len(source.queries) == 2
