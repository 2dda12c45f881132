"""The cache around a source: how long a result is cached, and how often the source is queried."""

import asyncio

import msgspec
import pytest

from tests.lookup_service.fake_sources import Fake
from tests.lookup_service.lookup_harness import value_of
from tests.lookup_service.resolving.cache_harness import ALONE, Clock, cached, get, settle

pytestmark = pytest.mark.anyio


async def test_a_record_is_fetched_once_in_its_time_to_live(clock: Clock) -> None:
    source = Fake()
    cache = cached(source, clock)
    for _ in range(3):
        assert (await get(cache, clock)).status == "ok"
        clock.pass_s(30)
    assert source.queries == [["a"]]
    assert (await get(cache, clock)).result(clock()).age_ms == 90_000


@pytest.mark.parametrize("local", [True, False])
async def test_a_missing_record_is_fetched_again_sooner(clock: Clock, local: bool) -> None:
    source = Fake()
    cache = cached(source, clock, local=local)
    for _ in range(2):
        assert (await get(cache, clock, "no")).status == "missing"
    clock.pass_s(10)
    assert (await get(cache, clock, "no")).status == "missing"
    assert source.queries == [["no"], ["no"]]


async def test_a_failure_is_cached_briefly(clock: Clock) -> None:
    source = Fake()
    source.failure = "timeout"
    cache = cached(source, clock)
    for _ in range(3):
        assert (await get(cache, clock)).status == "timeout"
    source.failure = None
    clock.pass_s(2)
    assert (await get(cache, clock)).status == "ok"
    assert len(source.queries) == 2


@pytest.mark.slow
async def test_an_old_record_is_served_stale_at_once_and_refreshed(clock: Clock) -> None:
    source = Fake()
    cache = cached(source, clock)
    await get(cache, clock)
    clock.pass_s(120)
    source.fields = {"key": "new"}
    source.released.clear()
    for _ in range(2):
        entry = await get(cache, clock)
        assert (entry.status, value_of(entry.result(clock()))) == ("stale", {"key": "a"})
        assert entry.result(clock()).age_ms == 120_000
        await settle()
    assert len(source.queries) == 2  # the second and third request share one fetch
    source.released.set()
    await settle()
    entry = await get(cache, clock)
    assert (entry.status, value_of(entry.result(clock()))) == ("ok", {"key": "new"})


async def test_an_old_record_is_served_while_its_source_fails_up_to_the_limit(clock: Clock) -> None:
    source = Fake()
    cache = cached(source, clock)
    await get(cache, clock)
    source.failure = "error"
    clock.pass_s(149)
    assert (await get(cache, clock)).status == "stale"
    await settle()
    assert (await get(cache, clock)).status == "stale"
    assert len(source.queries) == 2  # not queried again at once
    clock.pass_s(1)
    assert (await get(cache, clock)).status == "error"


async def test_times_to_live_differ_by_the_jitter(clock: Clock) -> None:
    source = Fake()
    cache = cached(source, clock, policy=msgspec.structs.replace(ALONE, jitter=0.5))
    entries = (await cache.fetch([f"{n}" for n in range(100)])).values()
    lives = {entry.fresh_until_ms - clock() for entry in entries}
    assert len(lives) > 50
    assert all(50_000 <= life <= 100_000 for life in lives)


@pytest.mark.slow
async def test_a_result_from_data_replaced_meanwhile_is_not_cached(clock: Clock) -> None:
    source = Fake()
    source.data_version = "1"
    source.released.clear()
    cache = cached(source, clock)
    asking = asyncio.create_task(get(cache, clock))
    await settle()
    source.data_version = "2"
    source.released.set()
    assert (await asking).result(clock()).data_version == "1"
    assert (await get(cache, clock)).result(clock()).data_version == "2"


async def test_concurrent_requests_share_one_fetch(clock: Clock) -> None:
    source = Fake()
    cache = cached(source, clock)
    entries = await asyncio.gather(*(get(cache, clock, key) for key in ["a", "b", "a"] * 50))
    assert all(entry.status == "ok" for entry in entries)
    assert source.queries == [["a", "b"]]


async def test_memory_is_bounded(clock: Clock) -> None:
    cache = cached(Fake(), clock, policy=msgspec.structs.replace(ALONE, memory_entries=10))
    for n in range(100):
        await get(cache, clock, str(n))
        await get(cache, clock, "kept")
    assert cache.entries <= 10
    assert cache.get_cached("kept", clock()) is not None


async def test_without_memory_every_request_queries_the_source(clock: Clock) -> None:
    source = Fake()
    cache = cached(source, clock, policy=msgspec.structs.replace(ALONE, memory_entries=0))
    for _ in range(2):
        assert (await get(cache, clock)).status == "ok"
    assert len(source.queries) == 2
