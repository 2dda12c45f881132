"""Features read from a real Redis, one at a time and many at once."""

from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest

from contracts.lookup_api.features import ENTITIES, FeatureRecord, FeatureResponse, redis_key
from contracts.lookup_api.lookups import MAX_KEYS
from local_stack.processes.ports import free_port
from lookup_service.clock import now_ms
from tests.lookup_service.lookup_harness import RedisServer, client_of

pytestmark = pytest.mark.anyio

VIEWS = FeatureRecord(updated_tstamp=1_700_000_000_000, features={"views_1h": 3, "rate": 0.5, "is_new": True})


@pytest.fixture
async def client(redis_server: RedisServer) -> AsyncIterator[httpx.AsyncClient]:
    redis_server.put(**{redis_key("user", "u1"): VIEWS, redis_key("listing", "a/b c"): VIEWS})
    redis_server.put(**{redis_key("user", "bad"): b'{"features": 1}'})
    async with client_of(redis_url=redis_server.url, sources="") as opened:
        yield opened


async def test_features_of_one_id(client: httpx.AsyncClient) -> None:
    for path in ("/v1/features/user/u1", "/v1/features/listing/a%2Fb%20c"):
        response = await client.get(path)
        assert response.status_code == 200
        found = response.json()
        assert found["features"] == VIEWS.features
        assert found["updated_tstamp"] == VIEWS.updated_tstamp
        assert abs(found["age_ms"] - (now_ms() - VIEWS.updated_tstamp)) < 10_000


@pytest.mark.parametrize(
    ("path", "code"),
    [("user/u2", 404), ("session/u1", 404), ("user/bad", 503), ("car/u1", 422), ("user/" + "a" * 129, 422)],
)
async def test_missing_features_and_invalid_ids(client: httpx.AsyncClient, path: str, code: int) -> None:
    response = await client.get(f"/v1/features/{path}")
    assert response.status_code == code
    assert "u1" not in response.text


async def test_features_of_many_ids_in_order(client: httpx.AsyncClient, redis_server: RedisServer) -> None:
    redis_server.client.config_resetstat()
    response = await client.post("/v1/features/user", json={"ids": ["u2", "u1", "bad", "u1"]})
    results = msgspec.json.decode(response.content, type=FeatureResponse).results
    assert [result.status for result in results] == ["missing", "ok", "error", "ok"]
    assert results[1].features == VIEWS.features
    assert redis_server.mget_calls() == 1
    assert (await client.post("/v1/features/user", json={"ids": []})).json() == {"results": []}


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"ids": ["a"] * (MAX_KEYS + 1)}, 413, "ids"),
        ({"ids": [""]}, 422, "ids[0]"),
        ({"ids": ["a" * 129]}, 422, "ids[0]"),
        ({}, 422, "ids"),
    ],
)
async def test_rejected_requests(client: httpx.AsyncClient, body: object, code: int, field: str) -> None:
    response = await client.post("/v1/features/user", json=body)
    assert (response.status_code, response.json()["field"]) == (code, field)


async def test_without_redis_features_are_errors_at_once() -> None:
    async with client_of(redis_url=f"redis://127.0.0.1:{free_port()}/0", sources="") as client:
        for entity in ENTITIES:
            response = await client.get(f"/v1/features/{entity}/a")
            assert (response.status_code, response.json()["detail"]) == (503, "the features cannot be read")
            assert response.headers["retry-after"]
        response = await client.post("/v1/features/user", json={"ids": ["a", "b"]})
        assert response.json() == {"results": [{"status": "error"}] * 2}
