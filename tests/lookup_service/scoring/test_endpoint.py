"""``POST /v1/score/{model}`` in this process, with a real Redis and onnxruntime."""

import re
from collections.abc import Mapping
from pathlib import Path

import httpx
import msgspec
import pytest

from contracts.lookup_api.scores import MAX_ROWS, PATH, ScoreAnswer
from lookup_service.clock import now_ms
from tests.lookup_service.features.samples import Store, feature_set, view, written
from tests.lookup_service.lookup_harness import RedisServer, client_of, deadline
from tests.lookup_service.scoring.samples import INPUTS, MODEL, model_bytes, probability, put_model

pytestmark = pytest.mark.anyio
SCORE = f"{PATH}/{MODEL}"


async def ask(client: httpx.AsyncClient, *rows: Mapping[str, object], path: str = SCORE, **body: object) -> ScoreAnswer:
    response = await client.post(path, json={"rows": rows, **body}, headers=deadline(5_000))
    assert response.status_code == 200, response.text
    return msgspec.json.decode(response.content, type=ScoreAnswer)


async def test_features_and_the_callers_numbers_make_the_scores(client: httpx.AsyncClient, store: Store) -> None:
    now = now_ms()
    store.put([*(view(now - 1_000 - n) for n in (2, 1, 0)), view(now - 1_000, browser="b2")])
    found = await ask(
        client,
        {"browser": "b1", "inputs": {"likelihood": 0.25}},
        {"browser": "b2", "listing": "l9", "inputs": {"likelihood": True, "other": 9}},
        {"browser": "b1", "inputs": {"likelihood": 1}},
        request_id="r-1",
    )
    expected = [probability(3, 0.25), probability(1, 1), probability(3, 1)]
    assert found.scores == [pytest.approx(each, rel=1e-5) for each in expected]
    assert (found.status, found.fallbacks) == ("ok", [[], [], []])
    assert (found.model, found.version, found.request_id) == (MODEL, "1", "r-1")
    assert found.features_version == feature_set().version


async def test_what_is_not_known_falls_back_and_is_told(client: httpx.AsyncClient, store: Store) -> None:
    store.put([view(now_ms() - 1_000)])
    found = await ask(client, {"browser": "b1"}, {"browser": "unseen", "inputs": {"likelihood": 1}}, {})
    expected = [probability(1, 3), probability(0, 1), probability(0, 3)]
    assert found.scores == [pytest.approx(each, rel=1e-5) for each in expected]
    assert (found.status, found.fallbacks) == ("degraded", [["likelihood"], ["views"], ["views", "likelihood"]])
    metrics = (await client.get("/metrics")).text
    for name, value in (
        (f'requests_total{{model="{MODEL}",outcome="degraded"}}', 1),
        (f'rows_total{{model="{MODEL}"}}', 3),
        (f'fallbacks_total{{input="views",model="{MODEL}"}}', 2),
        ('entities_total{status="missing"}', 1),
        (f'model_seconds_count{{model="{MODEL}"}}', 1),
    ):
        assert f"lookup_score_{name} {value}.0" in metrics, name


async def test_the_features_are_those_of_the_asked_instant(client: httpx.AsyncClient, store: Store) -> None:
    at = now_ms() - 3 * 86_400_000
    store.put([view(at)])
    row = {"browser": "b1", "inputs": {"likelihood": 0}}
    assert (await ask(client, row, at=at)).scores == [pytest.approx(probability(1, 0), rel=1e-5)]
    assert (await ask(client, row)).scores == [pytest.approx(probability(0, 0), rel=1e-5)]


async def test_without_the_store_it_still_answers(tmp_path: Path, models: Path) -> None:
    settings = {"redis_url": "redis://127.0.0.1:1/0", "features_path": written(tmp_path), "models_path": models}
    async with client_of(sources="", **settings) as client:
        found = await ask(client, {"browser": "b1", "inputs": {"likelihood": 1}})
        metrics = (await client.get("/metrics")).text
    assert (found.status, found.fallbacks) == ("degraded", [["views"]])
    assert found.scores == [pytest.approx(probability(0, 1), rel=1e-5)]
    assert 'lookup_score_entities_total{status="error"} 1.0' in metrics


async def test_a_store_that_hangs_takes_half_of_the_time(
    redis_server: RedisServer, tmp_path: Path, models: Path
) -> None:
    put_model(models, deadline_ms=200)
    settings = {"redis_url": redis_server.url, "redis_timeout_ms": 10_000, "features_path": written(tmp_path)}
    async with client_of(sources="", models_path=models, **settings) as client:
        assert (await client.post(SCORE, json={"rows": [{"browser": "b1"}]})).json()["fallbacks"][0][0] == "views"
        redis_server.client.client_pause(2_000)
        try:
            found = (await client.post(SCORE, json={"rows": [{"browser": "b1"}]})).json()
        finally:
            redis_server.client.client_unpause()
        metrics = (await client.get("/metrics")).text
    assert (found["status"], found["fallbacks"]) == ("degraded", [["views", "likelihood"]])
    assert 'lookup_score_entities_total{status="timeout"} 1.0' in metrics


async def test_a_model_without_features_needs_none(redis_server: RedisServer, tmp_path: Path) -> None:
    put_model(tmp_path, inputs=[{**INPUTS[1], "name": "one"}, {**INPUTS[1], "name": "two"}])
    async with client_of(redis_url=redis_server.url, sources="", models_path=tmp_path) as client:
        found = await ask(client, {"inputs": {"likelihood": 2}})
    assert (found.status, found.features_version) == ("ok", None)
    assert found.scores == [pytest.approx(probability(2, 2), rel=1e-5)]


async def test_a_thousand_rows_of_one_browser_read_it_once(
    client: httpx.AsyncClient, store: Store, redis_server: RedisServer
) -> None:
    store.put([view(now_ms() - 1_000)])
    redis_server.client.config_resetstat()
    rows = [{"browser": "b1", "inputs": {"likelihood": n / 100}} for n in range(MAX_ROWS)]
    found = await ask(client, *rows)
    expected = [probability(1, n / 100) for n in range(MAX_ROWS)]
    assert found.scores == [pytest.approx(each, rel=1e-4) for each in expected]
    assert redis_server.mget_calls() == 1
    assert 'lookup_score_entities_total{status="ok"} 1.0' in (await client.get("/metrics")).text


async def test_no_rows_no_scores(client: httpx.AsyncClient) -> None:
    found = await ask(client)
    assert (found.status, found.scores, found.fallbacks) == ("ok", [], [])
    assert re.fullmatch("[0-9a-f]{32}", found.request_id)


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b"{", 422, "$"),
        (b"{}", 422, "rows"),
        (b'{"rows":[{"brwoser":"b1"}]}', 422, "rows[0]"),
        (b'{"rows":[{"browser":""}]}', 422, "rows[0].browser"),
        (b'{"rows":[{"inputs":{"a":"secret"}}]}', 422, "rows[0].inputs[...]"),
        (b'{"rows":[],"at":-1}', 422, "at"),
        (b'{"rows":[],"request_id":"a\\n"}', 422, "request_id"),
        (b'{"rows":[%b]}' % b",".join([b"{}"] * (MAX_ROWS + 1)), 413, "rows"),
    ],
)
async def test_requests_that_are_not_valid(client: httpx.AsyncClient, body: bytes, status: int, field: str) -> None:
    response = await client.post(SCORE, content=body)
    assert (response.status_code, response.json()["field"]) == (status, field), response.text
    assert "secret" not in response.text


async def test_an_unknown_model_and_a_bad_deadline(client: httpx.AsyncClient) -> None:
    response = await client.post(f"{PATH}/other", json={"rows": []})
    assert (response.status_code, response.json()["field"]) == (404, "model")
    response = await client.post(SCORE, json={"rows": []}, headers={"x-deadline-ms": "soon"})
    assert (response.status_code, response.json()["field"]) == (422, "x-deadline-ms")


async def test_a_long_run_ends_by_the_deadline(redis_server: RedisServer, tmp_path: Path) -> None:
    """It runs in a thread, and other requests meanwhile."""
    folder = tmp_path / "models"
    folder.mkdir()
    inputs = [{**INPUTS[1], "name": "one"}, {**INPUTS[1], "name": "two"}]
    put_model(folder, content=model_bytes(sines=8_000), inputs=inputs)
    put_model(folder, name="other", content=model_bytes(sines=8_000), inputs=inputs, fallback_score=0.5)
    rows: dict[str, list[object]] = {"rows": [{}] * MAX_ROWS}
    async with client_of(redis_url=redis_server.url, sources="", models_path=folder) as client:
        late = await client.post(SCORE, json=rows, headers=deadline(20))
        instead = await client.post(f"{PATH}/other", json=rows, headers=deadline(20))
        in_time = await client.post(SCORE, json=rows, headers=deadline(20_000))
        metrics = (await client.get("/metrics")).text
    assert (late.status_code, late.json()["field"]) == (504, "model")
    assert (instead.status_code, instead.json()["status"]) == (200, "fallback")
    assert instead.json()["scores"] == [0.5] * MAX_ROWS
    assert in_time.status_code == 200
    assert f'lookup_score_requests_total{{model="{MODEL}",outcome="late"}} 1.0' in metrics
    assert 'lookup_score_requests_total{model="other",outcome="fallback"} 1.0' in metrics
