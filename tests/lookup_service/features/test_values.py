"""``/v1/features`` with states in a real Redis: values of the instant of reading, and which of them are wanted."""

import asyncio
import time
from typing import cast, get_args

import httpx
import pytest

from contracts.lookup_api.features import ENTITIES, MAX_TSTAMP
from contracts.lookup_api.lookups import MAX_KEYS
from core.features.model import EntityName
from core.features.stored import encode_packed
from lookup_service.clock import now_ms
from tests.lookup_service.features.samples import ALL_OF_BROWSER, Store, view

pytestmark = pytest.mark.anyio
DAY_MS = 86_400_000
ONE = "/v1/features/browser/b1"
MANY = "/v1/features/browser"


async def test_all_values_of_one_id(client: httpx.AsyncClient, store: Store) -> None:
    now = now_ms()
    store.put([view(now - 3000, listing="l1", price=10.0), view(now - 2000, listing="l2", price=20.005)])
    response = await client.get(ONE)
    assert response.status_code == 200, response.text
    found = response.json()
    assert found["features"] == {
        "browser__views__10s": 2,
        "browser__views__1m": 2,
        "browser__views__24h": 2,
        "browser__views__session": 2,
        "browser__price__1h": pytest.approx(15.0025, abs=0.001),
        "browser__last__lifetime": ["l2", "l1"],
    }
    assert (found["status"], found["updated_tstamp"]) == ("ok", now - 2000)
    assert 2000 <= found["age_ms"] < 12_000


@pytest.mark.slow
async def test_a_window_runs_on_without_a_new_event(client: httpx.AsyncClient, store: Store) -> None:
    """In real time: the event leaves the window of 10 s between 10 and 11 s after it, and stays in that of 24 h."""
    at = now_ms() - 8_500
    store.put([view(at)])
    seen: list[tuple[int, int]] = []
    until = time.monotonic() + 4
    while time.monotonic() < until:
        found = (await client.get(ONE, params={"names": "browser__views__10s,browser__views__24h"})).json()
        assert found["features"]["browser__views__24h"] == 1
        seen.append((found["age_ms"], found["features"]["browser__views__10s"]))
        await asyncio.sleep(0.05)
    assert {count for age, count in seen if age <= 10_000} == {1}
    assert {count for age, count in seen if age > 11_000} == {0}


async def test_the_values_of_another_instant(client: httpx.AsyncClient, store: Store) -> None:
    old = 1_500_000_000_000
    store.put([view(old), view(old + 30_000)])
    for ago, in_a_minute, in_a_day in ((0, 2, 2), (45_000, 1, 2), (3_600_000, 0, 2), (2 * DAY_MS, 0, 0)):
        names = "browser__views__1m,browser__views__24h"
        response = await client.get(ONE, params={"at": old + 30_000 + ago, "names": names})
        assert response.json() == {
            "status": "ok",
            "features": {"browser__views__1m": in_a_minute, "browser__views__24h": in_a_day},
            "updated_tstamp": old + 30_000,
            "age_ms": ago,
        }
    batch = await client.post(MANY, json={"ids": ["b1"], "names": ["browser__views__1m"], "at": old + 30_000})
    assert batch.json()["results"][0]["features"] == {"browser__views__1m": 2}


async def test_an_instant_before_the_newest_event_is_refused(client: httpx.AsyncClient, store: Store) -> None:
    now = now_ms()
    store.put([view(now, browser="b1"), view(now - 5000, browser="b2")])
    response = await client.get(ONE, params={"at": now - 1})
    problem = response.json()
    assert (response.status_code, problem["field"]) == (422, "at")
    assert "before the newest event" in problem["detail"]
    assert problem["updated_tstamp"] == now
    batch = await client.post(MANY, json={"ids": ["b1", "b2"], "at": now - 1, "names": ["browser__views__24h"]})
    assert batch.json()["results"] == [
        {"status": "invalid", "updated_tstamp": now},
        {"status": "ok", "features": {"browser__views__24h": 1}, "updated_tstamp": now - 5000, "age_ms": 4999},
    ]


async def test_an_event_ahead_of_the_clock_is_read_at_its_own_time(client: httpx.AsyncClient, store: Store) -> None:
    store.put([view(now_ms() + 60_000)])
    found = (await client.get(ONE)).json()
    assert (found["features"]["browser__views__1m"], found["age_ms"]) == (1, 0)


async def test_the_session_is_empty_once_it_is_over(client: httpx.AsyncClient, store: Store) -> None:
    now = now_ms()
    store.put([view(now - 1_700_000, browser="b1"), view(now - 1_900_000, browser="b2")])
    names = ["browser__views__session"]
    found = (await client.post(MANY, json={"ids": ["b1", "b2"], "names": names})).json()["results"]
    assert [each["features"]["browser__views__session"] for each in found] == [1, 0]


async def test_what_is_older_than_the_time_to_live_is_stale(client: httpx.AsyncClient, store: Store) -> None:
    at = now_ms() - 31 * DAY_MS
    store.put([view(at)])
    response = await client.get(ONE)
    problem = response.json()
    assert (response.status_code, problem["updated_tstamp"]) == (404, at)
    assert "time to live" in problem["detail"]
    [result] = (await client.post(MANY, json={"ids": ["b1"]})).json()["results"]
    assert (result["status"], result["updated_tstamp"], "features" in result) == ("stale", at, False)
    assert (await client.get(ONE, params={"at": at + 29 * DAY_MS})).status_code == 200


async def test_many_ids_in_order_in_one_round_trip(client: httpx.AsyncClient, store: Store) -> None:
    now = now_ms()
    store.put([view(now - 10, browser="b1"), view(now - 20, browser="a/b c")])
    store.put_bytes("browser", "bad", b'{"features": 1}')
    store.redis.client.config_resetstat()
    ids = ["b2", "b1", "bad", "a/b c", "b1"]
    results = (await client.post(MANY, json={"ids": ids})).json()["results"]
    assert [each["status"] for each in results] == ["missing", "ok", "error", "ok", "ok"]
    assert [each.get("updated_tstamp") for each in results] == [None, now - 10, None, now - 20, now - 10]
    assert set(results[1]["features"]) == ALL_OF_BROWSER
    assert store.redis.mget_calls() == 1
    statistics = cast("dict[str, int]", store.redis.client.info("stats"))
    assert statistics["keyspace_hits"] == 3, "each id is read once"
    assert (await client.post(MANY, json={"ids": []})).json() == {"results": []}
    assert (await client.get("/v1/features/browser/a%2Fb%20c")).json()["updated_tstamp"] == now - 20


async def test_a_thousand_ids(client: httpx.AsyncClient, store: Store) -> None:
    now = now_ms()
    ids = [f"b{number}" for number in range(MAX_KEYS)]
    store.put(view(now - number, browser=each) for number, each in enumerate(ids))
    found = (await client.post(MANY, json={"ids": ids, "names": ["browser__views__24h"]})).json()["results"]
    assert [each["updated_tstamp"] for each in found] == [now - number for number in range(MAX_KEYS)]


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["browser__view__1m"], "browser__view__1m"),
        (["browser__views__1m", "user__views__24h"], "user__views__24h"),
        (["browser__views__7d", "browser__views"], "browser__views__7d, browser__views"),
        (["Jane.Doe@example.org"], "1 that cannot be names"),
    ],
)
async def test_unknown_values_are_named(client: httpx.AsyncClient, names: list[str], told: str) -> None:
    asked = [
        await client.get(ONE, params={"names": ",".join(names)}),
        await client.post(MANY, json={"ids": ["b1"], "names": names}),
    ]
    for response in asked:
        problem = response.json()
        assert (response.status_code, problem["field"]) == (422, "names")
        assert problem["detail"] == f"unknown values of browser: {told}"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("browser/b2", 404),
        ("session/b1", 404),
        ("seller/s1", 404),  # not in the file
        ("browser/bad", 503),
        ("car/b1", 422),
        ("browser/" + "a" * 129, 422),
        (f"browser/b1?at={MAX_TSTAMP}", 422),
        ("browser/b1?at=-1", 422),
        ("browser/b1?at=now", 422),
        ("browser/b1?names=" + "a" * 257, 422),
        ("browser/b1?names=" + ",".join("a" * 1001), 422),
    ],
)
async def test_missing_features_and_invalid_requests(
    client: httpx.AsyncClient, store: Store, path: str, code: int
) -> None:
    store.put([view(now_ms())])
    store.put_bytes("browser", "bad", b"")
    response = await client.get(f"/v1/features/{path}")
    assert response.status_code == code, response.text
    assert "b1" not in response.text


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"ids": ["a"] * (MAX_KEYS + 1)}, 413, "ids"),
        ({"ids": [""]}, 422, "ids[0]"),
        ({"ids": ["a" * 129]}, 422, "ids[0]"),
        ({"ids": ["a"], "at": MAX_TSTAMP}, 422, "at"),
        ({"ids": ["a"], "names": [""]}, 422, "names[0]"),
        ({"ids": ["a"], "names": ["a"] * 1001}, 422, "names"),
        ({}, 422, "ids"),
    ],
)
async def test_rejected_batches(client: httpx.AsyncClient, body: object, code: int, field: str) -> None:
    response = await client.post(MANY, json=body)
    assert (response.status_code, response.json()["field"]) == (code, field)


async def test_no_value_is_wanted(client: httpx.AsyncClient, store: Store) -> None:
    store.put([view(now_ms())])
    assert (await client.post(MANY, json={"ids": ["b1"], "names": []})).json()["results"][0]["features"] == {}
    assert (await client.get(ONE, params={"names": ""})).json()["features"] == {}


async def test_the_metrics_tell_statuses_and_seconds(client: httpx.AsyncClient, store: Store) -> None:
    store.put([view(now_ms())])
    store.put_bytes("browser", "bad", encode_packed(b"\xff\xff", 1, 1))
    await client.post(MANY, json={"ids": ["b1", "b2", "b3", "bad"]})
    text = (await client.get("/metrics")).text
    for line in (
        'lookup_features_total{status="ok"} 1.0',
        'lookup_features_total{status="missing"} 2.0',
        'lookup_features_total{status="error"} 1.0',
        "lookup_features_unreadable_states_total 1.0",
        "lookup_features_seconds_count 1.0",
    ):
        assert line in text


async def test_the_entities_are_those_of_the_declarations() -> None:
    assert get_args(EntityName) == ENTITIES
