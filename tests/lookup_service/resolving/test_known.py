"""Current results without asking slow sources: what a warm start is given."""

from collections.abc import Sequence

import msgspec
import pytest

from contracts.lookup_api.lookups import NO_SOURCE, LookupKey
from local_stack.processes.ports import free_port
from lookup_service.resolving.caching.cached_source import CachedSource
from lookup_service.resolving.caching.entry import Entry
from lookup_service.resolving.caching.merged import MergedSources
from lookup_service.resolving.resolver import Resolver
from lookup_service.resolving.shared_redis import SharedRedis
from tests.lookup_service.fake_sources import Fake
from tests.lookup_service.resolving.cache_harness import ALONE, POLICY, Clock, cached, get, settle

pytestmark = pytest.mark.anyio


async def _known(cache: CachedSource | MergedSources, *keys: str) -> dict[str, str]:
    return {key: entry.status for key, entry in (await cache.fetch_known(keys)).items()}


async def test_what_is_in_memory_and_current_is_known_and_the_source_is_not_asked(clock: Clock) -> None:
    source = Fake()
    cache = cached(source, clock)
    await cache.fetch(["a", "no"])
    assert await _known(cache, "a", "no", "other") == {"a": "ok", "no": "missing"}
    clock.pass_s(POLICY.negative_ttl_s)
    assert await _known(cache, "a", "no") == {"a": "ok"}
    clock.pass_s(POLICY.ttl_s)
    assert await _known(cache, "a", "no") == {}
    await settle()
    assert source.queries == [["a", "no"]]


async def test_stale_results_and_failures_are_left_out(clock: Clock) -> None:
    source = Fake()
    cache = cached(source, clock)
    await get(cache, clock)
    clock.pass_s(POLICY.ttl_s)
    source.failure = "error"
    assert (await get(cache, clock)).status == "stale"
    await cache.fetch(["b"])
    assert await _known(cache, "a", "b") == {}


async def test_a_quick_source_is_asked(clock: Clock) -> None:
    source = Fake()
    cache = CachedSource(source, ALONE, None, local=False, quick=True, clock=clock)
    assert await _known(cache, "a", "no") == {"a": "ok", "no": "missing"}
    source.failure = "timeout"
    assert await _known(cache, "a", "b") == {"a": "ok"}


async def test_what_another_process_has_put_in_redis_is_known(clock: Clock, redis: SharedRedis) -> None:
    first, second = Fake(), Fake()
    await get(cached(first, clock, redis), clock)
    await settle()
    assert await _known(cached(second, clock, redis), "a", "b") == {"a": "ok"}
    assert second.queries == []


async def test_memory_that_is_due_to_be_compared_with_redis_is_not_trusted(clock: Clock, redis: SharedRedis) -> None:
    policy = msgspec.structs.replace(POLICY, memory_s=10)
    cache = cached(Fake(), clock, redis, policy)
    await get(cache, clock)
    await settle()
    await cached(Fake(), clock, redis, policy).invalidate("a")  # by another process
    assert await _known(cache, "a") == {"a": "ok"}
    clock.pass_s(policy.memory_s)
    assert await _known(cache, "a") == {}


async def test_without_redis_memory_alone_serves(clock: Clock) -> None:
    redis = SharedRedis(f"redis://127.0.0.1:{free_port()}/0", timeout_s=1)
    cache = cached(Fake(), clock, redis)
    await get(cache, clock)
    assert await _known(cache, "a", "b") == {"a": "ok"}
    await redis.close()


async def test_of_several_sources_all_must_know_the_key(clock: Clock) -> None:
    one, two = (Fake("network", name=name, fields={"as_number": 1}) for name in ("one", "two"))
    first, second = cached(one, clock), cached(two, clock)
    merged = MergedSources([first, second], clock=clock)
    await first.fetch(["a", "b"])
    await second.fetch(["a"])
    assert await _known(merged, "a", "b") == {"a": "ok"}


async def test_the_resolver_leaves_out_texts_that_are_no_key_and_bugs_of_one_kind(clock: Clock) -> None:
    class Bug(CachedSource):
        async def fetch_known(self, keys: Sequence[str]) -> dict[str, Entry]:
            raise RuntimeError("u-secret")

    users = CachedSource(Fake(), ALONE, None, local=True, clock=clock)
    resolver = Resolver({"user": users, "listing": Bug(Fake("listing"), ALONE, None, local=True, clock=clock)})
    keys = [LookupKey("user", "u1"), LookupKey("user", " "), LookupKey("listing", "l1"), LookupKey("ip", "2001:DB8::1")]
    assert [(key.key, entry.status) for key, entry in await resolver.known(keys)] == [("u1", "ok")]
    [(_, without_source)] = await resolver.known([LookupKey("ip", "2001:db8::1")])
    assert (without_source.status, without_source.result(clock()).source) == ("error", NO_SOURCE)
