"""The Open Inference Protocol v2 as a client: one lookup service asks the models of another, a real process."""

from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import httpx
import msgspec
import pytest
from aiohttp import web

from contracts.lookup_api.scores import MODELS_PATH, PATH, ModelsAnswer, ScoreAnswer
from lookup_service.clock import now_ms
from lookup_service.scoring.remote import FAILURES
from tests.lookup_service.features.samples import Store, view, written
from tests.lookup_service.lookup_harness import RedisServer, ServerProcess, client_of
from tests.lookup_service.scoring.samples import INPUTS, MODEL, model_text, probability, put_model

pytestmark = pytest.mark.anyio
KEY = "k" * 16
NOTHING: Mapping[str, object] = MappingProxyType({})
REMOTE: dict[str, object] = {"runtime": "open_inference", "model": MODEL, "tensor": "x"}
NUMBERS = [{"name": name, "request": "likelihood", "fallback": 0} for name in ("one", "two")]


@pytest.fixture(scope="module")
def server(shared_redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """It has the model, and no features."""
    folder = tmp_path_factory.mktemp("server")
    models = folder / "models"
    models.mkdir()
    put_model(models, "9", inputs=NUMBERS)
    keys = f"scorer:{KEY}:score"
    with ServerProcess(
        folder / "log", sources="", models_path=models, redis_url=shared_redis.url, api_keys=keys
    ) as running:
        yield running


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    (tmp_path / "key").write_text(f"{KEY}\n")
    return folder


def put_remote(folder: Path, url: str, name: str = "remote", changes: Mapping[str, object] = NOTHING) -> None:
    key = str(folder.parent / "key")
    text = model_text("4", name=name, **{**REMOTE, "url": url, "key_path": key, **changes})
    (folder / name).mkdir()
    (folder / name / "model.yaml").write_text(text)


@pytest.fixture
async def scoring(redis_server: RedisServer, tmp_path: Path) -> AsyncIterator[dict[str, object]]:
    yield {
        "redis_url": redis_server.url,
        "features_path": written(tmp_path),
        "sources": "",
        "models_path": tmp_path / "models",
    }


async def refusals(client: httpx.AsyncClient) -> dict[str, str | None]:
    response = await client.get(MODELS_PATH)
    return {each.name: each.refused for each in msgspec.json.decode(response.content, type=ModelsAnswer).models}


@pytest.mark.servers
async def test_features_here_and_the_model_there(
    server: ServerProcess, scoring: dict[str, object], models: Path, store: Store
) -> None:
    url = f"http://127.0.0.1:{server.port}"
    put_remote(models, url)
    put_remote(models, f"{url}/", name="versioned", changes={"model_version": "9", "datatype": "FP64"})
    store.put([view(now_ms() - 1_000)])
    async with client_of(**scoring) as client:
        for name in ("remote", "versioned"):
            rows = [{"browser": "b1", "inputs": {"likelihood": 0.5}}, {"browser": "b1"}]
            response = await client.post(f"{PATH}/{name}", json={"rows": rows})
            found = msgspec.json.decode(response.content, type=ScoreAnswer)
            assert (found.model, found.version, found.status) == (name, "4", "degraded")
            expected = [probability(1, 0.5), probability(1, 3)]
            assert found.scores == [pytest.approx(each, rel=1e-5) for each in expected]
        relayed = await client.post(
            "/v2/models/remote/infer",
            json={"inputs": [{"name": "x", "shape": [1, 2], "datatype": "FP32", "data": [1, 3]}]},
        )
    assert relayed.json()["outputs"][0]["data"][1] == pytest.approx(probability(1, 3), rel=1e-5)


@pytest.mark.servers
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"model": "other"}, "the server answers with 404"),
        ({"model_version": "1"}, "the server answers with 404"),
        ({"key_path": None}, "the server answers with 401"),
        ({"tensor": "y"}, "the server answers with 400"),
        ({"inputs": [*INPUTS, {**INPUTS[1], "name": "third"}]}, "the server answers with 400"),
        ({"output": {"name": "probabilities", "column": 2}}, "has 2 columns"),
        ({"key_path": "/nowhere/key"}, "key_path: No such file"),
    ],
)
async def test_a_model_that_the_server_does_not_have_so_is_refused(
    server: ServerProcess, scoring: dict[str, object], models: Path, changes: dict[str, object], reason: str
) -> None:
    put_remote(models, f"http://127.0.0.1:{server.port}", changes=changes)
    async with client_of(**scoring) as client:
        found = (await refusals(client))["remote"]
    assert found is not None
    assert reason in found
    assert "127.0.0.1" not in found


class OddServer:
    """Answers every inference with ``answer``."""

    def __init__(self) -> None:
        self.answer: tuple[int, bytes] = (503, b"{}")
        self.asked = 0

    async def infer(self, _: web.Request) -> web.Response:
        self.asked += 1
        status, body = self.answer
        return web.Response(status=status, body=body, content_type="application/json")


@pytest.fixture
async def odd() -> AsyncIterator[tuple[OddServer, str]]:
    server = OddServer()
    application = web.Application()
    application.router.add_post("/v2/models/{name}/infer", server.infer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield server, f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


def tensor(**changes: object) -> bytes:
    output = {"name": "probabilities", "datatype": "FP32", "shape": [1, 2], "data": [0.25, 0.75]} | changes
    return msgspec.json.encode({"model_name": "m", "outputs": [output | {"name": "label"}, output]})


async def test_a_server_that_is_down_when_the_model_is_loaded_may_start_later(
    odd: tuple[OddServer, str], scoring: dict[str, object], models: Path
) -> None:
    server, url = odd
    put_remote(models, url)
    put_remote(models, url, name="insured", changes={"fallback_score": 0.1})
    rows = {"rows": [{"inputs": {"likelihood": 1}}]}
    async with client_of(**scoring) as client:
        assert await refusals(client) == {"remote": None, "insured": None}
        failed = await client.post(f"{PATH}/remote", json=rows)
        assert (failed.status_code, failed.headers["retry-after"]) == (503, "1")
        insured = (await client.post(f"{PATH}/insured", json=rows)).json()
        assert (insured["status"], insured["scores"]) == ("fallback", [0.1])
        server.answer = (200, tensor())
        assert (await client.post(f"{PATH}/remote", json=rows)).json()["scores"] == [0.75]
        assert (await client.post(f"{PATH}/insured", json=rows)).json()["scores"] == [0.75]


async def test_a_server_that_fails_is_left_alone_for_a_while(
    odd: tuple[OddServer, str], scoring: dict[str, object], models: Path
) -> None:
    server, url = odd
    put_remote(models, url)
    async with client_of(**scoring) as client:
        for _ in range(FAILURES + 3):
            assert (await client.post(f"{PATH}/remote", json={"rows": [{}]})).status_code == 503
    assert server.asked == FAILURES


@pytest.mark.parametrize(
    "answer",
    [
        (200, b"<html>"),
        (200, b"{}"),
        (200, tensor(name="other")),
        (200, tensor(shape=[2, 2])),
        (200, tensor(shape=[2, 1])),
        (200, tensor(datatype="BYTES", data=["a", "b"])),
        (200, tensor(data=[0.5, None])),
        (302, b"{}"),
        (400, b"{}"),
    ],
)
async def test_answers_that_cannot_be_used_are_502(
    odd: tuple[OddServer, str], scoring: dict[str, object], models: Path, answer: tuple[int, bytes]
) -> None:
    server, url = odd
    server.answer = (200, tensor())
    put_remote(models, url)
    async with client_of(**scoring) as client:
        server.answer = answer
        response = await client.post(f"{PATH}/remote", json={"rows": [{}]})
        assert (response.status_code, response.json()["field"]) == (502, "model")
        server.answer = (200, tensor())
        assert (await client.post(f"{PATH}/remote", json={"rows": [{}]})).status_code == 200
