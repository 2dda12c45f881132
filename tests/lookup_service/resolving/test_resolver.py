"""The resolver with sources that are slow, fail or return too few results."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from contracts.lookup_api.lookups import NO_SOURCE, Kind, LookupKey, LookupResult
from core.lookups.lookup_keys import NoKey, lookup_key
from lookup_service.clock import now_ms
from lookup_service.resolving.caching.cached_source import CachedSource
from lookup_service.resolving.caching.entry import Entry
from lookup_service.resolving.resolver import Resolver
from lookup_service.sources.cache_policy import CachePolicy
from tests.lookup_service.fake_sources import Broken, Fake, Slow, TooFewResults
from tests.lookup_service.lookup_harness import value_of

pytestmark = pytest.mark.anyio

KEYS = [LookupKey("user", "a"), LookupKey("ip", "192.0.2.2"), LookupKey("listing", "c"), LookupKey("ip", "192.0.2.4")]
POLICY = CachePolicy(shared=False)


def resolver(user: Fake, *, local: bool = False) -> tuple[Resolver, Fake]:
    ip = Fake("ip")
    sources = {fake.kind: CachedSource(fake, POLICY, None, local=local) for fake in (ip, user, Fake("listing"))}
    return Resolver(sources), ip


def statuses(entries: Sequence[Entry]) -> list[str]:
    return [entry.status for entry in entries]


def names(entries: Sequence[Entry]) -> list[str | None]:
    return [entry.result(now_ms()).source for entry in entries]


@pytest.mark.parametrize("local", [True, False])
async def test_each_key_gets_its_own_result_and_is_fetched_once(local: bool) -> None:
    resolving, ip = resolver(Fake("user"), local=local)
    for _ in range(2):
        entries = await resolving.resolve([*KEYS, KEYS[1]], budget_s=5)
        values = [value_of(entry.result(now_ms()))["key"] for entry in entries]
        assert values == ["a", "192.0.2.2", "c", "192.0.2.4", "192.0.2.2"]
    assert ip.queries == [["192.0.2.2", "192.0.2.4"]]


async def test_in_a_kind_without_a_source_only_valid_keys_are_errors() -> None:
    texts = ["203.0.113.7", "no address", "", "-", "[2001:db8::1]:443"]
    keys = [*(LookupKey("ip", text) for text in texts), LookupKey("user", "\0"), LookupKey("user", " ")]
    expected = ["error", "invalid", "missing", "missing", "error", "invalid", "missing"]
    for budget_s in (5, 0):
        entries = await Resolver({}).resolve(keys, budget_s=budget_s)
        assert (statuses(entries), set(names(entries))) == (expected, {NO_SOURCE})


async def test_a_slow_source_times_out_alone() -> None:
    resolving, _ = resolver(Slow("user"))
    entries = await resolving.resolve(KEYS, budget_s=0.05)
    assert statuses(entries) == ["timeout", "ok", "ok", "ok"]
    assert names(entries)[0] == "fake-user"


@pytest.mark.parametrize("local", [True, False])
@pytest.mark.parametrize("broken", [Broken("user"), TooFewResults("user")], ids=["raises", "too few results"])
async def test_a_broken_source_is_an_error_of_its_keys(broken: Fake, local: bool) -> None:
    resolving, _ = resolver(broken, local=local)
    with capture_logs() as logs:
        entries = await resolving.resolve(KEYS, budget_s=5)
    assert statuses(entries) == ["error", "ok", "ok", "ok"]
    assert [entry["event"] for entry in logs] == ["source_failed"]


async def test_without_a_budget_keys_that_are_not_cached_are_timeouts() -> None:
    resolving, _ = resolver(Fake("user"))
    assert statuses(await resolving.resolve(KEYS, budget_s=-1)) == ["timeout"] * 4
    await resolving.resolve(KEYS[:1], budget_s=5)
    assert statuses(await resolving.resolve(KEYS, budget_s=-1)) == ["ok", "timeout", "timeout", "timeout"]


async def test_a_cancelled_request_does_not_cancel_the_fetch_for_others() -> None:
    slow = Slow("user")
    resolving, _ = resolver(slow)
    requests = [asyncio.create_task(resolving.resolve(KEYS, budget_s=60)) for _ in range(2)]
    await asyncio.sleep(0.01)
    requests[0].cancel()
    with pytest.raises(asyncio.CancelledError):
        await requests[0]
    slow.released.set()
    assert statuses(await requests[1]) == ["ok"] * 4
    assert slow.queries == [["a"]]


async def test_kinds_without_a_source_are_errors() -> None:
    resolving, _ = resolver(Fake("user"))
    entries = await resolving.resolve([LookupKey("referrer", "a")], budget_s=5)
    assert statuses(entries) == ["error"]
    assert names(entries) == ["none"]


@settings(max_examples=100, deadline=None)
@given(keys=st.lists(st.tuples(st.sampled_from(["ip", "user", "listing"]), st.text(max_size=3)), max_size=40))
def test_any_batch_has_the_same_results_from_source_and_memory(keys: list[tuple[Kind, str]]) -> None:
    """Includes duplicates, empty keys and any text."""

    async def answers() -> list[list[LookupResult]]:
        resolving, _ = resolver(Fake("user"))
        asked = [LookupKey(kind, key) for kind, key in keys]
        return [[entry.result(entry.created_ms) for entry in await resolving.resolve(asked, budget_s=5)] for _ in "12"]

    cold, warm = asyncio.run(answers())
    for (kind, key), first, second in zip(keys, cold, warm, strict=True):
        assert (first.status, first.source) == (second.status, second.source)
        usable = lookup_key(kind, key)
        assert first.source == ("none" if isinstance(usable, NoKey) else f"fake-{kind}")
        if isinstance(usable, NoKey):
            assert first.status == usable.status
        elif key.startswith("no"):
            assert first.status == "missing"
        else:
            assert value_of(first) == value_of(second) == {"key": usable}


async def test_one_address_in_many_forms_is_fetched_once() -> None:
    resolving, ip = resolver(Fake("user"))
    forms = ["192.0.2.2", "192.0.2.2:443", " 192.0.2.2", "::ffff:192.0.2.2", "10.0.0.1, 192.0.2.2"]
    for keys in (forms, list(reversed(forms))):
        entries = await resolving.resolve([LookupKey("ip", text) for text in keys], budget_s=5)
        assert [value_of(entry.result(now_ms()))["key"] for entry in entries] == ["192.0.2.2"] * len(forms)
    assert ip.queries == [["192.0.2.2"]]


async def test_texts_that_are_no_keys_are_answered_without_a_fetch() -> None:
    resolving, ip = resolver(Fake("user"))
    keys = [LookupKey("ip", "nowhere"), LookupKey("ip", " "), LookupKey("user", "a\0"), LookupKey("ip", "192.0.2.2")]
    assert statuses(await resolving.resolve(keys, budget_s=5)) == ["invalid", "missing", "invalid", "ok"]
    assert statuses(await resolving.resolve(keys[:3], budget_s=5)) == ["invalid", "missing", "invalid"]
    assert ip.queries == [["192.0.2.2"]]


async def test_an_empty_batch_fetches_nothing() -> None:
    resolving, ip = resolver(Fake("user"))
    assert await resolving.resolve([], budget_s=5) == []
    assert ip.queries == []
