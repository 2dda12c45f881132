"""The cache around a source, by a clock moved by hand; Redis is real."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from lookup_service.caching.cached_source import CachedSource
from lookup_service.caching.entry import REFRESH_AHEAD, Entry
from lookup_service.caching.merged import MergedSources
from lookup_service.caching.policy import CachePolicy
from lookup_service.shared_redis import SharedRedis
from tests.lookup_service.fake_sources import Fake
from tests.lookup_service.lookup_harness import RedisServer, value_of

pytestmark = pytest.mark.anyio

POLICY = CachePolicy(ttl_s=100, negative_ttl_s=10, error_ttl_s=2, stale_s=50, jitter=0, memory_s=1000)
ALONE = msgspec.structs.replace(POLICY, shared=False)


class Clock:
    """Milliseconds, moved by hand."""

    def __init__(self) -> None:
        self.now = 1_000_000

    def __call__(self) -> int:
        return self.now

    def pass_s(self, seconds: float) -> None:
        self.now += int(seconds * 1000)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def redis(redis_server: RedisServer) -> AsyncIterator[SharedRedis]:
    client = SharedRedis(redis_server.url, timeout_s=5)
    yield client
    await client.close()


def cached(
    source: Fake,
    clock: Clock,
    redis: SharedRedis | None = None,
    policy: CachePolicy | None = None,
    *,
    local: bool = False,
) -> CachedSource:
    return CachedSource(source, policy or (POLICY if redis else ALONE), redis, local=local, clock=clock)


async def get(cache: CachedSource, clock: Clock, key: str = "a") -> Entry:
    """As the resolver does it."""
    cache.follow_data()
    return cache.peek(key, clock()) or (await cache.ask([key]))[key]


async def settle() -> None:
    """Let what runs in the background, Redis included, come to its end."""
    await asyncio.sleep(0.05)


async def test_a_record_is_asked_for_once_in_its_time_to_live(clock: Clock) -> None:
    source = Fake()
    cache = cached(source, clock)
    for _ in range(3):
        assert (await get(cache, clock)).status == "ok"
        clock.pass_s(30)
    assert source.asked == [["a"]]
    assert (await get(cache, clock)).result(clock()).age_ms == 90_000


@pytest.mark.parametrize("local", [True, False])
async def test_what_is_missing_is_asked_for_again_sooner(clock: Clock, local: bool) -> None:
    source = Fake()
    cache = cached(source, clock, local=local)
    for _ in range(2):
        assert (await get(cache, clock, "no")).status == "missing"
    clock.pass_s(10)
    assert (await get(cache, clock, "no")).status == "missing"
    assert source.asked == [["no"], ["no"]]


async def test_a_failure_is_remembered_for_a_moment(clock: Clock) -> None:
    source = Fake()
    source.failure = "timeout"
    cache = cached(source, clock)
    for _ in range(3):
        assert (await get(cache, clock)).status == "timeout"
    source.failure = None
    clock.pass_s(2)
    assert (await get(cache, clock)).status == "ok"
    assert len(source.asked) == 2


async def test_an_old_record_is_served_stale_at_once_and_refreshed(clock: Clock) -> None:
    source = Fake()
    cache = cached(source, clock)
    await get(cache, clock)
    clock.pass_s(120)
    source.fields = {"key": "new"}
    source.may_answer.clear()
    for _ in range(2):
        entry = await get(cache, clock)
        assert (entry.status, value_of(entry.result(clock()))) == ("stale", {"key": "a"})
        assert entry.result(clock()).age_ms == 120_000
        await settle()
    assert len(source.asked) == 2  # the second and third request share one question
    source.may_answer.set()
    await settle()
    entry = await get(cache, clock)
    assert (entry.status, value_of(entry.result(clock()))) == ("ok", {"key": "new"})


async def test_an_old_record_serves_while_its_source_fails_and_no_longer_than_allowed(clock: Clock) -> None:
    source = Fake()
    cache = cached(source, clock)
    await get(cache, clock)
    source.failure = "error"
    clock.pass_s(149)
    assert (await get(cache, clock)).status == "stale"
    await settle()
    assert (await get(cache, clock)).status == "stale"
    assert len(source.asked) == 2  # not again at once
    clock.pass_s(1)
    assert (await get(cache, clock)).status == "error"


async def test_a_key_in_use_is_refreshed_before_it_is_stale(clock: Clock, redis: SharedRedis) -> None:
    source = Fake()
    cache = cached(source, clock, redis)
    await get(cache, clock)
    clock.pass_s(100 * (1 - REFRESH_AHEAD))
    assert (await get(cache, clock)).status == "ok"
    await settle()
    assert len(source.asked) == 2
    clock.pass_s(50)
    assert (await get(cache, clock)).result(clock()).age_ms == 50_000


async def test_times_to_live_differ_by_the_jitter(clock: Clock) -> None:
    source = Fake()
    cache = cached(source, clock, policy=msgspec.structs.replace(ALONE, jitter=0.5))
    entries = (await cache.ask([f"{n}" for n in range(100)])).values()
    lives = {entry.current_until_ms - clock() for entry in entries}
    assert len(lives) > 50
    assert all(50_000 <= life <= 100_000 for life in lives)


async def test_another_process_finds_the_answer_in_redis(clock: Clock, redis: SharedRedis) -> None:
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
    assert second.asked == []
    assert (first.asked, await get(cache, clock)) == ([["a"], ["no"]], entry)


async def test_keys_in_redis_show_no_addresses_and_expire(
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


async def test_a_broken_value_in_redis_is_asked_for_anew(
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
        assert source.asked == [["a"]]
        await settle()


async def test_new_data_makes_old_answers_invisible(clock: Clock, redis: SharedRedis) -> None:
    source = Fake()
    source.data_version = "1"
    cache = cached(source, clock, redis)
    assert (await get(cache, clock)).result(clock()).data_version == "1"
    source.data_version = "2"
    assert (await get(cache, clock)).result(clock()).data_version == "2"
    await settle()
    source.data_version = "1"
    await get(cache, clock)
    assert len(source.asked) == 2  # Redis still has those of the first build


async def test_an_answer_from_data_replaced_meanwhile_is_not_kept(clock: Clock) -> None:
    source = Fake()
    source.data_version = "1"
    source.may_answer.clear()
    cache = cached(source, clock)
    asking = asyncio.create_task(get(cache, clock))
    await settle()
    source.data_version = "2"
    source.may_answer.set()
    assert (await asking).result(clock()).data_version == "1"
    assert (await get(cache, clock)).result(clock()).data_version == "2"


async def test_requests_at_once_share_one_question(clock: Clock) -> None:
    source = Fake()
    cache = cached(source, clock)
    entries = await asyncio.gather(*(get(cache, clock, key) for key in ["a", "b", "a"] * 50))
    assert all(entry.status == "ok" for entry in entries)
    assert source.asked == [["a", "b"]]


async def test_an_invalidated_key_is_asked_for_anew_everywhere(clock: Clock, redis: SharedRedis) -> None:
    source = Fake()
    cache = cached(source, clock, redis)
    await get(cache, clock)
    await settle()
    assert await cache.invalidate("a") == (2, True)
    assert await cache.invalidate("a") == (0, True)
    await get(cache, clock)
    assert len(source.asked) == 2


async def test_an_answer_under_way_when_its_key_is_invalidated_is_not_kept(clock: Clock, redis: SharedRedis) -> None:
    source = Fake()
    source.may_answer.clear()
    cache = cached(source, clock, redis)
    asking = asyncio.create_task(get(cache, clock))
    await settle()
    await cache.invalidate("a")
    source.may_answer.set()
    await asking
    await settle()
    await get(cache, clock)
    assert len(source.asked) == 2


async def test_memory_forgets_what_another_process_may_have_invalidated(clock: Clock, redis: SharedRedis) -> None:
    source = Fake()
    one, other = (cached(source, clock, redis, msgspec.structs.replace(POLICY, memory_s=30)) for _ in range(2))
    await get(one, clock)
    await settle()
    await get(other, clock)
    await one.invalidate("a")
    clock.pass_s(20)
    await get(other, clock)
    assert len(source.asked) == 1
    clock.pass_s(10)
    await get(other, clock)
    assert len(source.asked) == 2


async def test_memory_is_bounded(clock: Clock) -> None:
    cache = cached(Fake(), clock, policy=msgspec.structs.replace(ALONE, memory_entries=10))
    for n in range(100):
        await get(cache, clock, str(n))
        await get(cache, clock, "kept")
    assert cache.entries <= 10
    assert cache.peek("kept", clock()) is not None


async def test_without_memory_every_request_asks(clock: Clock) -> None:
    source = Fake()
    cache = cached(source, clock, policy=msgspec.structs.replace(ALONE, memory_entries=0))
    for _ in range(2):
        assert (await get(cache, clock)).status == "ok"
    assert len(source.asked) == 2


class TestMerged:
    """Several sources of one kind."""

    def both(self, clock: Clock, one: Fake, two: Fake, *, local: bool = False) -> MergedSources:
        return MergedSources([cached(one, clock, local=local), cached(two, clock, local=local)], clock=clock)

    async def get(self, merged: MergedSources, key: str = "a") -> Entry:
        return merged.peek(key, 1_000_000) or (await merged.ask([key]))[key]

    @pytest.mark.parametrize("local", [True, False])
    async def test_fields_are_united_and_the_first_wins(self, clock: Clock, local: bool) -> None:
        one = Fake("network", name="one", fields={"as_number": 1})
        two = Fake("network", name="two", fields={"as_number": 2, "ip_reputation": "spam"})
        two.data_version = "v2"
        merged = self.both(clock, one, two, local=local)
        for _ in range(2):
            result = (await self.get(merged)).result(clock())
            assert value_of(result) == {"as_number": 1, "ip_reputation": "spam"}
            assert (result.status, result.source, result.data_version) == ("ok", "one+two", "v2")
        assert (len(one.asked), len(two.asked)) == (1, 1)

    async def test_one_that_fails_leaves_the_others_answer(self, clock: Clock) -> None:
        one, two = Fake("network", name="one"), Fake("network", name="two", fields={"as_number": 2})
        one.failure = "error"
        result = (await self.get(self.both(clock, one, two))).result(clock())
        assert (result.status, result.source, value_of(result)) == ("ok", "two", {"as_number": 2})

    async def test_without_any_record_the_worst_status(self, clock: Clock) -> None:
        one, two = Fake("network", name="one"), Fake("network", name="two")
        merged = self.both(clock, one, two)
        assert (await self.get(merged, "no")).status == "missing"
        two.failure = "timeout"
        assert (await self.get(merged, "no2")).status == "timeout"

    async def test_what_did_not_come_in_time_is_given_up_alone(self, clock: Clock) -> None:
        one, two = Fake("network", name="one"), Fake("network", name="two", fields={"as_number": 2})
        one.may_answer.clear()
        merged = self.both(clock, one, two)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await merged.ask(["a"])
        result = merged.give_up(["a"])["a"].result(clock())
        assert (result.status, result.source, value_of(result)) == ("ok", "two", {"as_number": 2})
        one.may_answer.set()
