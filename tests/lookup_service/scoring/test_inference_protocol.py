"""The Open Inference Protocol v2 as a server: what a client of KServe, Triton or MLServer sends and expects."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from contracts.lookup_api.inference import LIVE_PATH, MAX_ROWS, PATH, READY_PATH
from contracts.lookup_api.lookups import API_KEY_HEADER
from tests.lookup_service.features.samples import written
from tests.lookup_service.lookup_harness import RedisServer, client_of, deadline
from tests.lookup_service.scoring.samples import MODEL, model_bytes, probability, put_model

pytestmark = pytest.mark.anyio
OF_MODEL = f"{PATH}/models/{MODEL}"
TENSOR = {"name": "x", "shape": [2, 2], "datatype": "FP32", "data": [1.0, 0.5, 0, 3]}
EXPECTED = [[1 - each, each] for each in (probability(1, 0.5), probability(0, 3))]


@pytest.fixture
async def keyed(redis_server: RedisServer, tmp_path: Path, models: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(
        redis_url=redis_server.url,
        features_path=written(tmp_path),
        sources="",
        models_path=models,
        api_keys=f"scorer:{'k' * 16}:score,other:{'o' * 16}:lookup",
    ) as opened:
        yield opened


async def test_the_server_and_its_health(client: httpx.AsyncClient) -> None:
    server = (await client.get(PATH)).json()
    assert server["name"] == "clickstream-lookup"
    assert server["extensions"] == []
    assert (await client.get(LIVE_PATH)).json() == {"live": True}
    assert (await client.get(READY_PATH)).json() == {"ready": True}


async def test_a_model_and_its_tensors(client: httpx.AsyncClient) -> None:
    expected = {
        "name": MODEL,
        "versions": ["1"],
        "platform": "onnxruntime_onnx",
        "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 2]}],
        "outputs": [{"name": "probabilities", "datatype": "FP32", "shape": [-1, 2]}],
    }
    for path in (OF_MODEL, f"{OF_MODEL}/versions/1"):
        assert (await client.get(path)).json() == expected
        assert (await client.get(f"{path}/ready")).json() == {"name": MODEL, "ready": True}


@pytest.mark.parametrize(
    "tensor",
    [
        TENSOR,
        TENSOR | {"data": [[1.0, 0.5], [0, 3]]},
        TENSOR | {"datatype": "FP64", "parameters": {"content_type": "np"}},
    ],
)
async def test_numbers_in_numbers_out(client: httpx.AsyncClient, tensor: dict[str, object]) -> None:
    for path in (OF_MODEL, f"{OF_MODEL}/versions/1"):
        response = await client.post(
            f"{path}/infer", json={"id": "a 1", "inputs": [tensor], "outputs": [{"name": "probabilities"}]}
        )
        assert response.status_code == 200, response.text
        answer = response.json()
        assert {name: answer[name] for name in ("model_name", "model_version", "id")} == {
            "model_name": MODEL,
            "model_version": "1",
            "id": "a 1",
        }
        [output] = answer["outputs"]
        assert (output["name"], output["shape"], output["datatype"]) == ("probabilities", [2, 2], "FP32")
        assert output["data"] == [pytest.approx(each, rel=1e-5) for row in EXPECTED for each in row]
    assert f'lookup_inferences_total{{code="200",model="{MODEL}"}} 2.0' in (await client.get("/metrics")).text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"name": "y"}, "the inputs must be one tensor, x"),
        ({"shape": [2, 3]}, "the shape of x must be [rows, 2]"),
        ({"shape": [4]}, "the shape of x must be [rows, 2]"),
        ({"shape": [0, 2], "data": []}, f"x must have 1 to {MAX_ROWS} rows"),
        ({"shape": [MAX_ROWS + 1, 2]}, f"x must have 1 to {MAX_ROWS} rows"),
        ({"shape": [3, 2]}, "x: the data is not as long as the shape says"),
        ({"data": [[1, 2], 3, 4]}, "x: the data is nested unevenly"),
        ({"data": [[1, 2, 3], [4]]}, "x: the data is nested unevenly"),
        ({"data": [1, 2, 3, "secret"]}, "x: the data has something else than numbers"),
        ({"data": [1, 2, 3, True]}, "x: the data has something else than numbers"),
        ({"data": [1, 2, 3, 10**400]}, "x: it has a number that is not finite"),
        ({"datatype": "INT64"}, "x: the datatype is neither FP32 nor FP64"),
        ({"data": "secret"}, "Expected `array`, got `str`"),
        ({"shape": [-1, 2]}, "Expected `int` >= 0"),
    ],
)
async def test_errors_are_those_of_the_protocol(
    client: httpx.AsyncClient, changes: dict[str, object], error: str
) -> None:
    response = await client.post(f"{OF_MODEL}/infer", json={"inputs": [TENSOR | changes]})
    assert response.status_code == 400
    assert response.json()["error"] == response.json()["detail"] == error
    assert "secret" not in response.text


async def test_what_else_is_wrong(client: httpx.AsyncClient) -> None:
    good = {"inputs": [TENSOR]}
    cases = [
        (f"{PATH}/models/other/infer", good, {}, 404),
        (f"{OF_MODEL}/versions/2/infer", good, {}, 404),
        (f"{OF_MODEL}/infer", {}, {}, 400),
        (f"{OF_MODEL}/infer", {"inputs": [TENSOR, TENSOR]}, {}, 400),
        (f"{OF_MODEL}/infer", good | {"outputs": [{"name": "label"}]}, {}, 400),
        (f"{OF_MODEL}/infer", good, {"inference-header-content-length": "10"}, 400),
        (f"{OF_MODEL}/infer", good, {"x-deadline-ms": "soon"}, 400),
    ]
    for path, body, headers, status in cases:
        response = await client.post(path, json=body, headers=headers)
        assert response.status_code == status, path
        assert response.json()["error"]
    assert (await client.post(f"{OF_MODEL}/infer", content=b"{")).json()["error"] == "not JSON in UTF-8"
    for path in (f"{PATH}/models/other", f"{PATH}/models/other/ready", f"{OF_MODEL}/versions/2/ready"):
        response = await client.get(path)
        assert (response.status_code, bool(response.json()["error"])) == (404, True)


async def test_a_run_beyond_the_deadline(redis_server: RedisServer, tmp_path: Path) -> None:
    inputs = [{"name": name, "request": name, "fallback": 0} for name in ("one", "two")]
    put_model(tmp_path, content=model_bytes(sines=8_000), inputs=inputs)
    tensor = {"name": "x", "shape": [2000, 2], "datatype": "FP32", "data": [1] * 4000}
    async with client_of(redis_url=redis_server.url, sources="", models_path=tmp_path) as client:
        response = await client.post(f"{OF_MODEL}/infer", json={"inputs": [tensor]}, headers=deadline(20))
    assert (response.status_code, response.json()["error"]) == (504, "the model gave no answer in time")


async def test_health_needs_no_key_and_models_the_scope(keyed: httpx.AsyncClient) -> None:
    for path in (PATH, LIVE_PATH, READY_PATH):
        assert (await keyed.get(path)).status_code == 200
    for path in (OF_MODEL, f"{OF_MODEL}/ready"):
        assert (await keyed.get(path)).status_code == 401
        assert (await keyed.get(path, headers={API_KEY_HEADER: "o" * 16})).status_code == 403
        assert (await keyed.get(path, headers={"authorization": f"Bearer {'k' * 16}"})).status_code == 200


async def test_errors_before_the_route_are_those_of_the_protocol_too(keyed: httpx.AsyncClient) -> None:
    key = {API_KEY_HEADER: "k" * 16}
    infer = f"{OF_MODEL}/infer"
    found = [
        (401, await keyed.post(infer, json={})),
        (403, await keyed.post(infer, json={}, headers={API_KEY_HEADER: "o" * 16})),
        (415, await keyed.post(infer, content=b"a", headers=key | {"content-type": "text/plain"})),
        (400, await keyed.post(infer, content=b" " * 5_000_000, headers=key)),
        (404, await keyed.get(f"{PATH}/nothing", headers=key)),
        (405, await keyed.get(infer, headers=key)),
        (405, await keyed.post(LIVE_PATH, headers=key)),
    ]
    for status, response in found:
        assert response.status_code == status, response.text
        assert response.json()["error"] == response.json()["detail"]
    assert "error" not in (await keyed.get("/v1/nothing", headers=key)).json()


async def test_no_named_outputs_are_all_outputs(client: httpx.AsyncClient) -> None:
    response = await client.post(f"{OF_MODEL}/infer", json={"inputs": [TENSOR], "outputs": []})
    assert response.status_code == 200
    assert response.json()["outputs"][0]["name"] == "probabilities"
