"""What is answered when Redis, a state or the file of features is not as it should be."""

import subprocess
import sys
import time
from pathlib import Path

import httpx
import msgspec
import pytest

from contracts.lookup_api.features import ENTITIES
from core.features.state import EntityState, pack
from core.features.stored import encode_entity, encode_packed
from local_stack.processes.ports import free_port
from lookup_service.clock import now_ms
from tests.lookup_service.features.samples import TEXT, Store, feature_set, view, written
from tests.lookup_service.lookup_harness import RedisServer, client_of, environment

pytestmark = pytest.mark.anyio
UNAVAILABLE = (503, "the features cannot be read")
FEAST = {"features": ["browser:views__24h"], "entities": {"browser": ["b1", "b2"]}}


async def _answers(client: httpx.AsyncClient) -> list[tuple[int, str]]:
    """Status and detail of each endpoint for ``b1``; for a batch the status of the first id."""
    one = await client.get("/v1/features/browser/b1")
    batch = await client.post("/v1/features/browser", json={"ids": ["b1", "b2"]})
    feast = await client.post("/get-online-features", json=FEAST)
    assert batch.status_code == 200
    found = [(each.status_code, each.json().get("detail", "")) for each in (one, feast)]
    return [*found, (200, batch.json()["results"][0]["status"])]


async def test_without_redis_features_are_errors_at_once(tmp_path: Path) -> None:
    url = f"redis://127.0.0.1:{free_port()}/0"
    async with client_of(redis_url=url, features_path=written(tmp_path), sources="") as client:
        for entity in ENTITIES[:4]:
            response = await client.get(f"/v1/features/{entity}/a")
            assert (response.status_code, response.json()["detail"]) == UNAVAILABLE
            assert response.headers["retry-after"]
        assert await _answers(client) == [UNAVAILABLE, UNAVAILABLE, (200, "error")]
        assert (await client.get("/readyz")).status_code == 200
        assert "lookup_features_unreadable_states_total 0.0" in (await client.get("/metrics")).text


@pytest.mark.servers
async def test_a_redis_that_hangs_and_comes_back(executable: str, tmp_path: Path) -> None:
    with RedisServer(executable) as server:
        Store(server, feature_set()).put([view(now_ms())])
        async with client_of(
            redis_url=server.url, features_path=written(tmp_path), sources="", redis_timeout_ms=100
        ) as client:
            assert await _answers(client) == [(200, ""), (200, ""), (200, "ok")]
            with server.frozen():
                started = time.monotonic()
                assert await _answers(client) == [UNAVAILABLE, UNAVAILABLE, (200, "error")]
                assert time.monotonic() - started < 1.5, "each waits for the time limit at most"
            until = time.monotonic() + 10
            while (await client.get("/v1/features/browser/b1")).status_code != 200:
                assert time.monotonic() < until, "the features are not read again"


@pytest.mark.servers
async def test_a_redis_of_their_own(executable: str, redis_server: RedisServer, tmp_path: Path) -> None:
    with RedisServer(executable) as server:
        Store(server, feature_set()).put([view(now_ms())])
        settings = {"redis_url": redis_server.url, "features_redis_url": server.url, "sources": ""}
        async with client_of(**settings, features_path=written(tmp_path)) as client:
            assert (await client.get("/v1/features/browser/b1")).status_code == 200
            dependencies = (await client.get("/readyz")).json()["dependencies"]
            assert {"redis", "features_redis"} <= dependencies.keys()


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"\0" * 16,
        b'{"updated_tstamp": 1, "features": {}}',
        encode_packed(b"\x00\x02" + pack(EntityState(newest=1))[2:], 1, 1),  # a later format
        encode_packed(pack(EntityState(newest=1))[:-1], 1, 1),  # cut
        encode_entity(EntityState(newest=9_999_999_999_999_999), 1),  # microseconds
        encode_packed(pack(EntityState())[:2] + msgspec.msgpack.encode([1, {60_000: {1: [1]}}]), 1, 1),
        encode_entity(
            EntityState(newest=1, lifetime={each.id: "text" for each in feature_set().of("browser")}), written_ms=1
        ),
    ],
)
async def test_a_state_that_cannot_be_read(client: httpx.AsyncClient, store: Store, value: bytes) -> None:
    now = now_ms()
    store.put([view(now, browser="b2")])
    store.put_bytes("browser", "b1", value)
    asked = {"ids": ["b1", "b2"], "at": now}
    results = (await client.post("/v1/features/browser", json=asked)).json()["results"]
    status = results[0]["status"]
    assert [each["status"] for each in results] == [status, "ok"]
    one = await client.get("/v1/features/browser/b1", params={"at": 1})
    assert (one.status_code, one.json()["detail"]) == UNAVAILABLE
    assert status in ("error", "stale"), "one that was read no further than its age may be too old"
    feast = (await client.post("/get-online-features", json=FEAST)).json()["results"][1]
    assert feast["statuses"][1] == "PRESENT"
    assert (feast["values"][0], feast["statuses"][0] in ("INVALID", "OUTSIDE_MAX_AGE")) == (None, True)
    assert "lookup_features_unreadable_states_total" in (await client.get("/metrics")).text


async def test_a_state_of_another_file_of_features(redis_server: RedisServer, tmp_path: Path) -> None:
    """What the state has and the file has not is left out; what the file has and the state has not is empty."""
    Store(redis_server, feature_set()).put([view(now_ms(), price=10.0)])
    raised = "entity: browser\n    version: 1\n    description: Listings viewed.\n"
    changed = TEXT.replace(raised, raised.replace("1", "2"), 1).replace("name: price,", "name: cost,")
    async with client_of(redis_url=redis_server.url, features_path=written(tmp_path, changed), sources="") as client:
        found = (await client.get("/v1/features/browser/b1")).json()["features"]
    assert "browser__price__1h" not in found
    assert found["browser__cost__1h"] is None
    assert found["browser__views__24h"] == 0, "another version of the feature"
    assert found["browser__last__lifetime"] == ["l1"]


async def test_without_a_file_of_features(redis_server: RedisServer) -> None:
    async with client_of(redis_url=redis_server.url, sources="") as client:
        for response in (
            await client.get("/v1/features/browser/b1"),
            await client.post("/v1/features/browser", json={"ids": ["b1"]}),
            await client.post("/get-online-features", json=FEAST),
        ):
            assert response.status_code == 404
            assert "LOOKUP_FEATURES_PATH" in response.json()["detail"]


@pytest.mark.servers
def test_a_wrong_file_ends_the_start_with_one_line(tmp_path: Path) -> None:
    wrong = written(tmp_path, TEXT.replace("aggregation: mean", "aggregation: median"))
    line = next(number for number, text in enumerate(wrong.read_text().splitlines(), 1) if "median" in text)
    (tmp_path / "sources.toml").write_text("")
    for path, said in ((wrong, f"line {line}: "), (tmp_path / "absent.yaml", "FileNotFoundError")):
        given = {"redis_url": "redis://127.0.0.1:1/0", "sources_path": tmp_path / "sources.toml"}
        ended = subprocess.run(
            [sys.executable, "-m", "lookup_service"],
            env=environment(port=free_port(), features_path=path, **given),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.returncode == 2
        [message] = ended.stderr.splitlines()
        assert message.startswith("lookup_service: LOOKUP_FEATURES_PATH: ")
        assert said in message
