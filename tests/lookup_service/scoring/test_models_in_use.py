"""Models are loaded, replaced and refused while the service runs."""

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path

import httpx
import msgspec
import pytest
from onnx import TensorProto, helper

from contracts.lookup_api.scores import MODELS_PATH, PATH, ModelsAnswer, ModelState
from core.scoring.model_file import Input, OnnxModel, Output
from lookup_service.scoring import models_in_use
from lookup_service.scoring.onnx_model import OnnxRuntime
from lookup_service.scoring.runtime import RunFailure, Tensor
from tests.lookup_service.features.samples import feature_set, written
from tests.lookup_service.lookup_harness import RedisServer, client_of
from tests.lookup_service.scoring.samples import INPUTS, MODEL, model_bytes, model_text, probability, put_model

pytestmark = pytest.mark.anyio
ROWS = {"rows": [{"inputs": {"likelihood": 0}}]}


async def states(client: httpx.AsyncClient) -> dict[str, ModelState]:
    response = await client.get(MODELS_PATH)
    assert response.status_code == 200, response.text
    found = msgspec.json.decode(response.content, type=ModelsAnswer)
    assert found.features_version == feature_set().version
    return {each.name: each for each in found.models}


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(300):
        if await holds():
            return
        await asyncio.sleep(0.02)
    raise TimeoutError


async def version_of(client: httpx.AsyncClient, name: str = MODEL) -> str | None:
    state = (await states(client)).get(name)
    return None if state is None else state.version


async def refused(client: httpx.AsyncClient, name: str = MODEL) -> str | None:
    state = (await states(client)).get(name)
    return None if state is None else state.refused


async def test_a_model_is_described(client: httpx.AsyncClient) -> None:
    state = (await states(client))[MODEL]
    assert state.loaded_tstamp is not None
    assert msgspec.structs.replace(state, loaded_tstamp=None) == ModelState(
        name=MODEL,
        version="1",
        runtime="onnx",
        inputs=["views", "likelihood"],
        features=["browser__views__24h"],
        deadline_ms=2000,
    )
    metrics = (await client.get("/metrics")).text
    assert f'lookup_model_in_use{{model="{MODEL}",runtime="onnx",version="1"}} 1.0' in metrics
    assert f'lookup_model_refused{{model="{MODEL}"}} 0.0' in metrics


async def test_a_new_version_is_in_use_without_a_restart(client: httpx.AsyncClient, models: Path) -> None:
    features = feature_set().version
    put_model(models, "2", content=model_bytes(bias=1.0), features_version=features, trained={"auc": 0.8})
    await until(lambda: is_version(client, "2"))
    answer = (await client.post(f"{PATH}/{MODEL}", json=ROWS)).json()
    assert answer["version"] == "2"
    assert answer["scores"] == [pytest.approx(probability(0, 0, bias=1.0), rel=1e-5)]
    state = (await states(client))[MODEL]
    assert (state.features_version, state.fits_features, state.trained) == (features, True, {"auc": 0.8})
    metrics = (await client.get("/metrics")).text
    assert f'lookup_model_in_use{{model="{MODEL}",runtime="onnx",version="1"}} 0.0' in metrics
    assert f'lookup_model_in_use{{model="{MODEL}",runtime="onnx",version="2"}} 1.0' in metrics
    put_model(models, "3", features_version="of another set")
    await until(lambda: is_version(client, "3"))
    assert (await states(client))[MODEL].fits_features is False


async def is_version(client: httpx.AsyncClient, version: str | None, name: str = MODEL) -> bool:
    return await version_of(client, name) == version


async def is_refused(client: httpx.AsyncClient, name: str = MODEL) -> bool:
    return await refused(client, name) is not None


async def test_models_come_and_go(client: httpx.AsyncClient, models: Path) -> None:
    other = put_model(models, "7", name="other")
    await until(lambda: is_version(client, "7", "other"))
    assert (await client.post(f"{PATH}/other", json=ROWS)).status_code == 200
    for file in other.iterdir():
        file.unlink()
    await until(lambda: is_version(client, None, "other"))
    assert (await client.post(f"{PATH}/other", json=ROWS)).status_code == 404
    assert list(await states(client)) == [MODEL]


async def test_the_version_before_stays_in_use_when_one_is_refused(client: httpx.AsyncClient, models: Path) -> None:
    inputs = [{"name": "views", "feature": "browser__hearts__24h", "fallback": 0}, INPUTS[1]]
    put_model(models, "2", inputs=inputs)
    await until(lambda: is_refused(client))
    assert (await refused(client), await version_of(client)) == (
        "input views: there is no feature browser__hearts__24h",
        "1",
    )
    answer = (await client.post(f"{PATH}/{MODEL}", json=ROWS)).json()
    assert (answer["version"], answer["scores"]) == ("1", [pytest.approx(0.5)])
    assert f'lookup_model_refused{{model="{MODEL}"}} 1.0' in (await client.get("/metrics")).text
    put_model(models, "3")
    await until(lambda: is_version(client, "3"))
    assert await refused(client) is None
    assert f'lookup_model_refused{{model="{MODEL}"}} 0.0' in (await client.get("/metrics")).text


async def test_a_model_of_which_no_version_can_be_used_is_503(client: httpx.AsyncClient, models: Path) -> None:
    put_model(models, name="other", version="1", content=b"no model")
    await until(lambda: is_refused(client, "other"))
    response = await client.post(f"{PATH}/other", json=ROWS)
    assert (response.status_code, response.headers["retry-after"]) == (503, "10")
    assert (await client.get("/v2/models/other/ready")).status_code == 503


async def test_two_files_that_do_not_belong_together_are_no_version(client: httpx.AsyncClient, models: Path) -> None:
    new = model_bytes(bias=1.0)
    (models / MODEL / "model.yaml").write_text(model_text("2", sha256=sha256(new).hexdigest()))
    await until(lambda: is_refused(client))
    assert (await refused(client), await version_of(client)) == (
        "model.onnx is not the file whose sha256 model.yaml has",
        "1",
    )
    (models / MODEL / "model.onnx").write_bytes(new)
    await until(lambda: is_version(client, "2"))


async def test_while_the_folder_cannot_be_read_the_models_stay(client: httpx.AsyncClient, models: Path) -> None:
    await asyncio.to_thread(models.rename, models.with_name("elsewhere"))
    await asyncio.sleep(0.2)
    assert (await client.post(f"{PATH}/{MODEL}", json=ROWS)).status_code == 200
    assert await version_of(client) == "1"


def _graph(inputs: int = 1, output: int = TensorProto.FLOAT, columns: int | str = 2) -> bytes:
    names = [f"x{number}" for number in range(inputs)]
    graph = helper.make_graph(
        [helper.make_node("Cast", ["x0"], ["probabilities"], to=output)],
        "sample",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["rows", columns]) for name in names],
        [helper.make_tensor_value_info("probabilities", output, ["rows", columns])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    return bytes(model.SerializeToString())


def _not_finite() -> bytes:
    graph = helper.make_graph(
        [helper.make_node("Log", ["x"], ["probabilities"])],
        "sample",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", 2])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["rows", 2])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    return bytes(model.SerializeToString())


REFUSED = {
    "no model": (b"\0garbage", {}, "not a model that onnxruntime can load"),
    "an empty file": (b"", {}, "not a model that onnxruntime can load"),
    "three columns": (model_bytes((1, 2, 3)), {}, "the input has the shape [-1, 3], and model.yaml 2 inputs"),
    "a fixed number of rows": (model_bytes(rows=1), {}, "the number of rows must be open"),
    "two inputs": (_graph(2), {}, "it has 2 inputs; it must have one"),
    "whole numbers": (_graph(output=TensorProto.INT64), {}, "is tensor(int64), not a tensor of floats"),
    "another output": (model_bytes(), {"output": {"name": "label"}}, "no output label; there are probabilities"),
    "a column too far": (model_bytes(), {"output": {"name": "probabilities", "column": 2}}, "has 2 columns"),
    "not finite": (_not_finite(), {}, "a test of 1 rows: it has a number that is not finite"),
    "another folder's name": (model_bytes(), {"name": "another"}, "the name is not the folder's"),
    "no such file": (model_bytes(), {"file": "other.onnx"}, "other.onnx: No such file or directory"),
    "a list for a number": (
        model_bytes(),
        {"inputs": [{"name": "views", "feature": "browser__last__lifetime", "fallback": 0}, INPUTS[1]]},
        "is no number but string_list",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_models_that_are_refused(redis_server: RedisServer, tmp_path: Path, name: str) -> None:
    content, changes, reason = REFUSED[name]
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / MODEL).mkdir()
    (folder / MODEL / "model.onnx").write_bytes(content)
    (folder / MODEL / "model.yaml").write_text(model_text(**changes))  # type: ignore[arg-type]
    settings = {"redis_url": redis_server.url, "features_path": written(tmp_path), "models_path": folder}
    async with client_of(sources="", **settings) as client:
        found = await refused(client)
        assert await version_of(client) is None
    assert found is not None
    assert reason in found
    assert str(tmp_path) not in found
    assert "\n" not in found


async def test_models_that_read_features_are_refused_where_there_are_none(
    redis_server: RedisServer, models: Path
) -> None:
    async with client_of(redis_url=redis_server.url, sources="", models_path=models) as client:
        found = (await client.get(MODELS_PATH)).json()
    assert found["features_version"] is None
    assert "LOOKUP_FEATURES_PATH" in found["models"][0]["refused"]


async def test_doubles_and_open_columns_fit(redis_server: RedisServer, tmp_path: Path) -> None:
    numbers = [{**INPUTS[1], "name": "one"}, {**INPUTS[1], "name": "two"}]
    put_model(tmp_path, name="doubles", content=model_bytes(datatype=TensorProto.DOUBLE), inputs=numbers)
    put_model(tmp_path, name="open", content=_graph(columns="columns"), inputs=numbers)
    async with client_of(redis_url=redis_server.url, sources="", models_path=tmp_path) as client:
        rows = {"rows": [{"inputs": {"likelihood": 0.125}}]}
        doubles = (await client.post(f"{PATH}/doubles", json=rows)).json()
        opened = (await client.post(f"{PATH}/open", json=rows)).json()
    assert doubles["scores"] == [pytest.approx(probability(0.125, 0.125), rel=1e-12)]
    assert opened["scores"] == [0.125]


async def test_a_folder_that_cannot_be_read_concerns_its_own_model(client: httpx.AsyncClient, models: Path) -> None:
    other = models / "other"
    other.symlink_to("x" * 300)  # longer than a name may be, so that every look at it fails
    await until(lambda: _is(refused(client, "other"), "its folder cannot be read: File name too long"))
    put_model(models, "2")
    await until(lambda: _is(version_of(client), "2"))
    other.unlink()
    await until(lambda: _is(refused(client, "other"), None))


async def test_a_folder_that_cannot_be_read_stops_no_start(
    redis_server: RedisServer, tmp_path: Path, models: Path
) -> None:
    (models / "other").symlink_to("x" * 300)
    async with client_of(
        redis_url=redis_server.url, features_path=written(tmp_path), sources="", models_path=models
    ) as client:
        assert await version_of(client) == "1"


async def test_what_lies_outside_of_the_folder_is_looked_at_again(
    client: httpx.AsyncClient, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key of a remote model may be mounted later than its folder."""
    monkeypatch.setattr(models_in_use, "AGAIN_S", 0.05)
    key = tmp_path / "key"
    inputs = [{"name": "one", "request": "one", "fallback": 0}]
    elsewhere: dict[str, object] = {
        "runtime": "open_inference",
        "url": "http://127.0.0.1:1",
        "key_path": str(key),
        "inputs": inputs,
    }
    (models / "far").mkdir()
    (models / "far" / "model.yaml").write_text(model_text("1", name="far", **elsewhere))
    await until(lambda: _is(refused(client, "far"), "key_path: No such file or directory"))
    key.write_text("secret")
    await until(lambda: _is(version_of(client, "far"), "1"))


async def test_a_slow_model_takes_no_threads_from_another() -> None:
    slow = OnnxRuntime(model_bytes(sines=6_000), _onnx("slow"))
    quick = OnnxRuntime(model_bytes(), _onnx("quick"))
    late = await asyncio.gather(*(slow.run([[1.0, 2.0]] * 20_000, 0.01) for _ in range(2)))
    assert [each.kind for each in late if isinstance(each, RunFailure)] == ["late", "late"]
    found = await quick.run([[1.0, 2.0]], 0.2)  # not verified, so it has no short runs
    assert isinstance(found, Tensor), found


def _onnx(name: str) -> OnnxModel:
    inputs = [Input(name=each, request=each, fallback=0) for each in ("one", "two")]
    return OnnxModel(name=name, version="1", inputs=inputs, output=Output(name="probabilities", column=1))


async def _is(found: Awaitable[object], expected: object) -> bool:
    return await found == expected
