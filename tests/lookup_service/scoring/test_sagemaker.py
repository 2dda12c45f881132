"""An endpoint of SageMaker: a real server that checks AWS's signature and answers as containers do."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import pytest

from assurance.servers.sagemaker import ACCESS_KEY, REGION, SECRET_KEY, SageMaker, sagemaker_server
from core.scoring.model_file import Input, Output, SageMakerModel
from lookup_service.scoring.aws_signing import aws_signer
from lookup_service.scoring.remote import FAILURES, HttpClient
from lookup_service.scoring.runtime import RunFailure, Tensor
from lookup_service.scoring.sagemaker import NO_CREDENTIALS, SageMakerRuntime

pytestmark = pytest.mark.anyio
ROWS = [[1.0, 0.5], [2.0, 0.25], [3.0, 0.0]]
SUMS = [1.5, 2.25, 3.0]
Content = Literal["csv", "json"]


def two_scores(row: Sequence[float]) -> list[float]:
    return [sum(row), -sum(row)]


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Those of the environment only."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)


@asynccontextmanager
async def served(
    path: str = "/endpoints/listings-1/invocations", content: Content = "csv", output: str = "predictions"
) -> AsyncIterator[tuple[SageMaker, SageMakerRuntime]]:
    http = HttpClient()
    async with sagemaker_server(two_scores) as server:
        try:
            yield server, runtime_of(http, f"{server.url}{path}", content, output)
        finally:
            await http.close()


def runtime_of(
    http: HttpClient, url: str | None, content: Content = "csv", output: str = "predictions"
) -> SageMakerRuntime:
    inputs = [Input(name=name, request=name, fallback=0) for name in ("one", "two")]
    model = SageMakerModel(
        name="listings",
        version="1",
        inputs=inputs,
        output=Output(name=output),
        endpoint="listings-1",
        region=REGION,
        content=content,
        url=url,
        deadline_ms=100,
    )
    return SageMakerRuntime(http, model, aws_signer(REGION))


@pytest.mark.parametrize("content", ["csv", "json"])
@pytest.mark.parametrize(
    "mode", ["csv_lines", "csv_one_line", "json_lists", "json_numbers", "json_objects", "json_bare"]
)
async def test_every_form_of_an_answer_is_read(content: Content, mode: str) -> None:
    async with served(content=content) as (server, runtime):
        server.mode = mode
        for rows, sums in ((ROWS, SUMS), (ROWS[:1], SUMS[:1])):
            tensor = await runtime.run(rows, 5)
            assert isinstance(tensor, Tensor), tensor
            assert tensor.shape[0] == len(rows)
            assert tensor.data[:: tensor.shape[1]] == sums
        assert server.endpoints == ["listings-1"] * 2
        assert server.content_types == ["text/csv" if content == "csv" else "application/json"] * 2
        assert await runtime.verify(ROWS[0]) is None


@pytest.mark.parametrize("mode", ["one_too_few", "uneven", "texts", "other_key", "nan", "html", "nothing", "400"])
async def test_answers_that_cannot_be_used(mode: str) -> None:
    async with served() as (server, runtime):
        server.mode = mode
        for _ in range(FAILURES + 1):  # it answers: no reason to leave it alone
            found = await runtime.run(ROWS, 5)
            assert isinstance(found, RunFailure)
            assert found.kind == "refused", found
        server.mode = "csv_lines"
        assert isinstance(await runtime.run(ROWS, 5), Tensor)


async def test_a_wrong_secret_is_refused_by_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY.lower())
    async with served() as (server, runtime):
        assert await runtime.run(ROWS, 5) == RunFailure("refused", "the server answers with 403")
        assert server.endpoints == []


async def test_without_credentials_only_a_container_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    async with served("/invocations") as (_, runtime):
        assert isinstance(await runtime.run(ROWS, 5), Tensor)
    http = HttpClient()
    assert await runtime_of(http, None).run(ROWS, 5) == NO_CREDENTIALS
    await http.close()


async def test_a_profile_that_is_not_there_is_a_failure_and_no_exception(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    async with served() as (_, runtime):
        found = await runtime.run(ROWS, 5)
    assert found == RunFailure("failed", "the credentials of AWS cannot be read: ProfileNotFound")


async def test_the_address_is_that_of_the_region() -> None:
    http = HttpClient()
    runtime = runtime_of(http, None)
    assert runtime._url == "https://runtime.sagemaker.eu-west-1.amazonaws.com/endpoints/listings-1/invocations"
    await http.close()


async def test_a_server_that_fails_is_left_alone_for_a_while() -> None:
    async with served() as (server, runtime):
        server.mode = "500"
        for _ in range(FAILURES):
            assert await runtime.run(ROWS, 5) == RunFailure("failed", "the server answers with 500")
        asked = len(server.endpoints)
        server.mode = "csv_lines"
        found = await runtime.run(ROWS, 5)
        assert isinstance(found, RunFailure)
        assert (found.kind, len(server.endpoints)) == ("failed", asked)


async def test_a_slow_server_is_late_and_a_hasty_caller_is_no_reason_to_leave_it_alone() -> None:
    async with served() as (server, runtime):
        server.mode = "slow"
        for _ in range(FAILURES + 1):
            found = await runtime.run(ROWS, 0.02)
            assert isinstance(found, RunFailure)
            assert found.kind == "late"
        server.mode = "csv_lines"
        assert isinstance(await runtime.run(ROWS, 5), Tensor)
        server.mode = "slow"
        for _ in range(FAILURES):
            found = await runtime.run(ROWS, 0.1)
            assert isinstance(found, RunFailure)
            assert found.kind == "late"
        found = await runtime.run(ROWS, 0.1)
        assert isinstance(found, RunFailure)
        assert found.kind == "failed"


async def test_a_server_that_is_not_there_is_a_failure() -> None:
    http = HttpClient()
    found = await runtime_of(http, "http://127.0.0.1:1/invocations").run(ROWS, 5)
    await http.close()
    assert isinstance(found, RunFailure)
    assert found.kind == "failed"
    assert "127.0.0.1" not in found.reason


async def test_without_credentials_the_machine_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A metadata service that takes the connection and says nothing, as where a firewall drops it."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_EC2_METADATA_DISABLED"):
        monkeypatch.delenv(name)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", f"http://127.0.0.1:{port}/")
        async with served("/invocations") as (_, runtime):
            late = await asyncio.gather(*(runtime.run(ROWS, 0.05) for _ in range(40)))
            assert all(isinstance(each, RunFailure) and each.kind == "late" for each in late)
            started = time.monotonic()
            await asyncio.to_thread(int)
            assert time.monotonic() - started < 0.5, "the threads of everybody else are free"
            while not isinstance(await runtime.run(ROWS, 0.2), Tensor):
                assert time.monotonic() - started < 10
            assert isinstance(await runtime.run(ROWS, 0.2), Tensor), "nobody looks again so soon"
