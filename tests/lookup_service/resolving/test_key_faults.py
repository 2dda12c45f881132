"""A fault of one key in the cache around a source is an error for that key only, and ends when it is corrected."""

from collections.abc import Mapping, Sequence

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from contracts.lookup_api.lookups import LookupKey, LookupResult
from lookup_service.resolving.caching.cached_source import CachedSource
from lookup_service.resolving.caching.entry import Entry, from_stored
from lookup_service.resolving.caching.merged import MergedSources
from lookup_service.resolving.resolver import Resolver
from lookup_service.resolving.shared_redis import SharedRedis
from tests.lookup_service.fake_sources import FailingForKeys, Fake
from tests.lookup_service.lookup_harness import RedisServer
from tests.lookup_service.resolving.cache_harness import ALONE, POLICY, Clock, cached, get, settle

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("local", [True, False])
async def test_only_the_keys_that_make_a_source_fail_are_errors(clock: Clock, local: bool) -> None:
    source = FailingForKeys({"k3", "k400"})
    cache = cached(source, clock, local=local)
    keys = [f"k{n}" for n in range(500)]
    with capture_logs() as logs:
        entries = await cache.fetch(keys)
    assert {key for key in keys if entries[key].status != "ok"} == {"k3", "k400"}
    [entry] = logs
    assert (entry["event"], entry["error_type"], entry["count"]) == ("source_failed", "RuntimeError", 2)
    assert "k3" not in str(entry)
    source.bad_keys = ()
    clock.pass_s(3)
    assert (await get(cache, clock, "k3")).status == "ok"


@pytest.mark.parametrize(
    "value",
    [b"null", b"[]", b"7", b'{"user_segment":7}', b'{"user_registered_tstamp":1700000000000000}', b"{", b"\xff",
     b'{"user_segment":"%b"}' % (b"x" * 20_000)],
)  # fmt: skip
async def test_a_value_outside_the_contract_is_an_error_for_its_key_only(clock: Clock, value: bytes) -> None:
    class Odd(Fake):
        odd: bytes | None = value

        def _result(self, key: str, version: str | None) -> LookupResult:
            if key != "odd" or self.odd is None:
                return super()._result(key, version)
            return LookupResult(status="ok", value=msgspec.Raw(self.odd), source=self.name, age_ms=0)

    source = Odd()
    cache = cached(source, clock)
    entries = await cache.fetch(["a", "odd", "z"])
    assert [entries[key].status for key in ("a", "odd", "z")] == ["ok", "error", "ok"]
    merged = MergedSources([cached(Odd(), clock), cached(Fake(fields={"user_segment": "x"}), clock)], clock=clock)
    entry = (await merged.fetch(["odd", "a"]))["odd"]
    assert entry.status == "ok"
    assert b'"user_segment":"x"' in entry.head
    source.odd = None
    clock.pass_s(3)
    assert (await get(cache, clock, "odd")).status == "ok"


async def test_an_invalid_entry_in_redis_is_skipped_and_fetched_again(
    clock: Clock, redis: SharedRedis, redis_server: RedisServer
) -> None:
    await get(cached(Fake(), clock, redis), clock, "a")
    await get(cached(Fake(), clock, redis), clock, "b")
    await settle()
    [name, _] = sorted(redis_server.client.keys("lk:*"))  # type: ignore[arg-type]
    good = redis_server.client.get(name)
    assert isinstance(good, bytes)
    for poison in (b"", b"\xff" * 40, good[:-3], good.replace(b"ok", b"hm"), good.replace(b'{"key"', b'["key"')):
        assert poison != good
        redis_server.client.set(name, poison)
        source = Fake()
        cache = cached(source, clock, redis)
        entries = await cache.fetch(["a", "b"])
        assert [entries[key].status for key in ("a", "b")] == ["ok", "ok"]
        assert len(source.queries) == 1
        assert len(source.queries[0]) == 1
        await settle()
        assert redis_server.client.get(name) != poison
    redis_server.client.delete(name)
    redis_server.client.lpush(name, "another type")
    entries = await cached(Fake(), clock, redis).fetch(["a", "b"])
    assert [entries[key].status for key in ("a", "b")] == ["ok", "ok"]


HEADS = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [b'{"status":"ok","value":{"user_segment":7},"age_ms":', b'{"status":"ok","age_ms":',
         b'{"status":"ok","value":{"user_registered_tstamp":1700000000000000},"age_ms":', b'{"status":"ok","age_ms":1',
         b'{"status":"ok","value":null,"age_ms":', b'{"status":"missing","value":{},"age_ms":',
         b'{"status":"ok","value":{"user_segment":"x"},"age_ms":', b'{"status":"missing","age_ms":']
    ),
)  # fmt: skip
NUMBERS = st.integers(-(2**63), 2**64 - 1)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(head=HEADS, born=NUMBERS, until=NUMBERS, status=st.sampled_from(["ok", "missing", "stale", "error", "odd", 7]))
def test_only_entries_that_meet_the_contract_are_read_from_redis(
    head: bytes, born: int, until: int, status: object
) -> None:
    now = 1_790_000_000_000
    entry = from_stored("user", msgspec.msgpack.encode([1, status, head, born, until]), POLICY, now)
    if entry is None:
        return
    result = entry.result(now)
    assert (result.status == "ok") == isinstance(result.value, msgspec.Raw)
    assert result.age_ms is not None
    assert result.age_ms >= 0
    assert head in (b'{"status":"ok","value":{"user_segment":"x"},"age_ms":', b'{"status":"missing","age_ms":')


async def test_a_kind_that_fails_does_not_affect_other_kinds(clock: Clock) -> None:
    class Failing(CachedSource):
        async def fetch(self, keys: Sequence[str]) -> Mapping[str, Entry]:
            raise RuntimeError(f"failed for {keys}")

    failing = Failing(Fake("user"), ALONE, None, local=False, clock=clock)
    resolver = Resolver({"user": failing, "listing": cached(Fake("listing"), clock)})
    with capture_logs() as logs:
        entries = await resolver.resolve([LookupKey("user", "u-secret"), LookupKey("listing", "l")], budget_s=5)
    assert [entry.status for entry in entries] == ["timeout", "ok"]
    assert [entry["event"] for entry in logs] == ["lookup_failed"]
    assert "u-secret" not in str(logs)
