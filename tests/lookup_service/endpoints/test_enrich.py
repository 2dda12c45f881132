"""Enrichment on demand: the endpoint ``/v1/enrich``."""

import asyncio
import subprocess
import sys
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.events.enriched import EnrichedEvent
from contracts.events.raw import MAX_BYTES
from contracts.events.rejected import FailedEvent
from contracts.lookup_api.enrich import COLLECTOR_HEADER, MAX_EVENTS, PATH, EnrichResponse, EnrichResult
from contracts.lookup_api.lookups import UserProfile
from lookup_service.endpoints.enrich import EVENTS_PER_TURN, TOO_MANY, derived_by, enrich_events, read_events
from lookup_service.http.openapi_examples import EXAMPLE_EVENT
from lookup_service.resolving.resolver import Resolver
from tests.core.samples import raw
from tests.lookup_service.lookup_harness import LONDON, RedisServer, client_of, environment

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(redis_server: RedisServer, city: Path) -> AsyncIterator[httpx.AsyncClient]:
    redis_server.put(**{"user:u0000001": UserProfile(user_segment="regular")})
    async with client_of(redis_url=redis_server.url, geoip_city_path=city) as opened:
        yield opened


def event_of(result: EnrichResult) -> dict[str, object]:
    kind = EnrichedEvent if result.outcome == "enriched" else FailedEvent
    msgspec.json.decode(result.event, type=kind)
    return msgspec.json.decode(result.event, type=dict[str, object])


async def post(client: httpx.AsyncClient, body: bytes, **headers: str) -> list[EnrichResult]:
    response = await client.post(PATH, content=body, headers=headers)
    assert response.status_code == 200, response.text
    return msgspec.json.decode(response.content, type=EnrichResponse).results


async def test_events_in_an_array_or_on_lines(client: httpx.AsyncClient) -> None:
    example = msgspec.json.encode(EXAMPLE_EVENT)
    headers = {COLLECTOR_HEADER: "1790000000500"}
    array = await post(client, b" [%b , {}, 3]" % example, **headers)
    lines = await post(client, b"%b\r\n\n{}\n3\n" % example, **headers)
    for results in (array, lines):
        assert [result.outcome for result in results] == ["enriched", "failed", "failed"]
        enriched = event_of(results[0])
        assert enriched["event_id"] == EXAMPLE_EVENT["event_id"]
        assert enriched["user_ipaddress"] == LONDON
        assert (enriched["geo_city"], enriched["geo_status"]) == ("London", "ok")
        assert (enriched["user_segment"], enriched["user_status"]) == ("regular", "ok")
        assert enriched["listing_status"] == "missing"
        assert enriched["collector_tstamp"] == 1790000000500
        assert event_of(results[1])["failure"]


async def test_without_the_header_the_collector_time_is_now(client: httpx.AsyncClient) -> None:
    [result] = await post(client, raw())
    event = event_of(result)
    assert abs(int(str(event["collector_tstamp"])) - int(str(event["etl_tstamp"]))) < 1000


async def test_no_events(client: httpx.AsyncClient) -> None:
    assert await post(client, b"") == await post(client, b"[]") == []


async def test_an_oversized_event_fails_alone(client: httpx.AsyncClient) -> None:
    results = await post(client, raw() + b"\n" + b" " * 3 + b"{" + b"x" * MAX_BYTES)
    assert [result.outcome for result in results] == ["enriched", "failed"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" + b"1," * 2_000_000 + b"1]", id="array"),
        pytest.param(b"1\n" * 2_000_000, id="lines"),
        pytest.param(b" \r\n" * 1_000_000 + b"1\n" * 301, id="blank lines"),
        pytest.param(b"[[]" + b",[]" * 300, id="not closed"),
    ],
)
def test_reading_stops_at_the_first_event_too_many(body: bytes) -> None:
    tracemalloc.start()
    try:
        assert read_events(body) == TOO_MANY
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < len(body) + 1_000_000  # at most one copy of the body and none of its events


@given(st.lists(st.integers() | st.text(max_size=5) | st.none() | st.lists(st.integers(), max_size=3), max_size=5))
def test_events_are_the_arrays_items_and_the_lines(items: list[object]) -> None:
    expected = [msgspec.json.encode(item) for item in items]
    assert read_events(b" [" + b" , ".join(expected) + b"]\n") == expected
    if items and not isinstance(items[0], list):
        assert read_events(b"\r\n \n".join(expected)) == expected


def test_the_largest_number_of_events_is_read() -> None:
    assert read_events(b"[" + b",".join([b"{}"] * MAX_EVENTS) + b"]") == [b"{}"] * MAX_EVENTS
    assert read_events(b"{}\n" * MAX_EVENTS) == [b"{}"] * MAX_EVENTS


async def test_the_event_loop_runs_other_tasks_while_many_events_are_enriched() -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(others())
    for events in ([raw()] * MAX_EVENTS, [b"{}"] * MAX_EVENTS):
        await asyncio.sleep(0)
        turns = 0
        await enrich_events(events, Resolver({}), derived_by([]), collector_tstamp=1, budget_s=1)
        assert turns >= 2 * (MAX_EVENTS // EVENTS_PER_TURN)
    task.cancel()


@pytest.mark.parametrize(
    ("body", "headers", "code", "field"),
    [
        (b"[{]", {}, 422, "$"),
        (b"[" * 100_000, {}, 422, "$"),
        (b"{}\n" * (MAX_EVENTS + 1), {}, 413, "$"),
        (b"{}", {COLLECTOR_HEADER: "soon"}, 422, COLLECTOR_HEADER),
        (b"{}", {"x-deadline-ms": "0"}, 422, "x-deadline-ms"),
    ],
)
async def test_rejected_requests(
    client: httpx.AsyncClient, body: bytes, headers: dict[str, str], code: int, field: str
) -> None:
    response = await client.post(PATH, content=body, headers=headers)
    assert (response.status_code, response.json()["field"]) == (code, field)


async def test_a_failed_lookup_shows_in_the_status(city: Path) -> None:
    async with client_of(redis_url="redis://127.0.0.1:1/0", geoip_city_path=city) as client:
        [result] = await post(client, msgspec.json.encode(EXAMPLE_EVENT))
    event = event_of(result)
    assert (event["geo_status"], event["user_status"], event["listing_status"]) == ("ok", "error", "error")


@pytest.mark.servers
def test_the_service_needs_no_flink() -> None:
    script = "import sys, lookup_service.__main__; print([name for name in sys.modules if 'pyflink' in name])"
    ended = subprocess.run(
        [sys.executable, "-c", script], env=environment(), capture_output=True, text=True, timeout=60, check=True
    )
    assert ended.stdout == "[]\n"
