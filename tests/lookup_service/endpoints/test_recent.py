"""``GET /v1/lookup/recent``: whose keys, how many, and that it holds up nobody else."""

import asyncio
import time
from collections.abc import Sequence

import httpx
import msgspec
import pytest

from contracts.lookup_api.lookups import API_KEY_HEADER, DEADLINE_HEADER, Kind, LookupKey
from contracts.lookup_api.recent import LIMIT, MAX_RESULTS, MEDIA_TYPE, PATH, RecentResult
from lookup_service.endpoints.recent import recent_results
from lookup_service.metrics import Metrics
from lookup_service.resolving.caching.cached_source import CachedSource
from lookup_service.resolving.recent_keys import RecentKeys
from lookup_service.resolving.resolver import Resolver
from lookup_service.sources.cache_policy import MEMORY_ONLY
from tests.lookup_service.fake_sources import Fake
from tests.lookup_service.lookup_harness import ask, client_of, source

pytestmark = pytest.mark.anyio
REDIS = "redis://127.0.0.1:1/0"
KEYS: Sequence[tuple[Kind, str]] = [("ip", "81.2.69.142"), ("ip", "10.0.0.1"), ("ip", "nonsense"), ("user", "u1")]
_decode_lines = msgspec.json.Decoder(RecentResult).decode_lines


@pytest.fixture
def sources(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Knows one address, and no users."""
    ranges = tmp_path_factory.mktemp("ranges") / "hosting.txt"
    ranges.write_text("81.2.69.0/24 hosting\n")
    return source("address_ranges", meaning="hosting", name="hosting", path=str(ranges))


async def _recent(client: httpx.AsyncClient, headers: dict[str, str] | None = None, **query: int) -> list[RecentResult]:
    response = await client.get(PATH, params=query, headers=headers)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == MEDIA_TYPE
    return _decode_lines(response.content)


def _texts(results: Sequence[RecentResult]) -> set[tuple[str, str, str]]:
    return {(each.kind, each.key, each.result.status) for each in results}


async def test_the_results_are_those_of_a_lookup(sources: str) -> None:
    keys: Sequence[tuple[Kind, str]] = [("network", "81.2.69.142"), ("network", "10.0.0.1")]
    async with client_of(redis_url=REDIS, sources=sources) as client:
        assert await _recent(client) == []
        looked_up = await ask(client, keys)
        found = {each.key: each.result for each in await _recent(client)}
        assert found.keys() == {key for _, key in keys}
        for (_, key), result in zip(keys, looked_up, strict=True):
            got = found[key]
            assert (got.status, got.value, got.source) == (result.status, result.value, result.source)
        assert "lookup_recent_results_total 2.0" in (await client.get("/metrics")).text


async def test_what_has_no_source_is_told_and_what_is_no_key_is_not(sources: str) -> None:
    async with client_of(redis_url=REDIS, sources=sources) as client:
        await ask(client, KEYS)
        assert _texts(await _recent(client)) == {
            ("ip", "81.2.69.142", "error"),
            ("ip", "10.0.0.1", "error"),
            ("user", "u1", "error"),
        }
        text = (await client.get("/metrics")).text
    assert "lookup_recent_keys 4.0" in text
    assert "81.2.69" not in text


async def test_a_caller_gets_only_what_it_asked_for_itself(sources: str) -> None:
    keys = {name: name * 20 for name in ("job", "other", "plain")}
    settings = "job:{job}:lookup,other:{other}:lookup,plain:{plain}:features".format(**keys)
    async with client_of(redis_url=REDIS, sources=sources, api_keys=settings) as client:
        await ask(client, [("user", "u1")], headers={API_KEY_HEADER: keys["job"]})
        await ask(client, [("user", "u2")], headers={API_KEY_HEADER: keys["other"]})
        for name, key in (("job", "u1"), ("other", "u2")):
            [found] = await _recent(client, {API_KEY_HEADER: keys[name]})
            assert found.key == key
        assert (await client.get(PATH, headers={API_KEY_HEADER: keys["plain"]})).status_code == 403
        assert (await client.get(PATH)).status_code == 401


async def test_a_key_that_was_invalidated_is_forgotten(sources: str) -> None:
    async with client_of(redis_url=REDIS, sources=sources) as client:
        await ask(client, [("user", "u1"), ("user", "u2")])
        await client.delete("/v1/cache/user/u1")
        assert [each.key for each in await _recent(client)] == ["u2"]


async def test_nothing_is_remembered_where_that_is_switched_off(sources: str) -> None:
    async with client_of(redis_url=REDIS, sources=sources, recent_keys=0) as client:
        await ask(client, [("user", "u1")])
        assert await _recent(client) == []


async def test_limit(sources: str) -> None:
    async with client_of(redis_url=REDIS, sources=sources) as client:
        await ask(client, [("user", f"u{number}") for number in range(900)])
        assert len(await _recent(client, limit=700)) == 700
        assert len(await _recent(client)) == 900
        for limit in ("0", str(MAX_RESULTS + 1), "many"):
            response = await client.get(PATH, params={LIMIT: limit})
            assert response.status_code == 422
            assert response.json()["field"] == LIMIT
        bad_deadline = await client.get(PATH, headers={DEADLINE_HEADER: "soon"})
        assert bad_deadline.json()["field"] == DEADLINE_HEADER


class _Asked:
    """Results of ``count`` users that were asked for, from a source in memory."""

    def __init__(self, count: int) -> None:
        self.recent = RecentKeys(2 * count, 60)
        self.resolver = Resolver({"user": CachedSource(Fake(fields={}), MEMORY_ONLY, None, local=True)})
        for start in range(0, count, 1_000):
            self.recent.note("", [LookupKey("user", f"u{number}") for number in range(start, start + 1_000)])

    async def lines(self, *, until: float) -> bytes:
        blocks = recent_results(self.recent, self.resolver, Metrics(), client="", limit=MAX_RESULTS, until=until)
        return b"".join([block async for block in blocks])


async def test_it_ends_by_the_deadline() -> None:
    asked = _Asked(2_000)
    assert await asked.lines(until=time.perf_counter()) == b""
    assert (await asked.lines(until=time.perf_counter() + 60)).count(b"\n") == 2_000


@pytest.mark.slow
async def test_a_hundred_thousand_results_let_other_requests_run() -> None:
    asked = _Asked(100_000)
    turns = 0

    async def other_requests() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    others = asyncio.create_task(other_requests())
    lines = await asked.lines(until=time.perf_counter() + 60)
    others.cancel()
    assert lines.count(b"\n") == 100_000
    assert turns >= 100_000 / 256, "one for each slice of keys"
