"""A model on an endpoint of Amazon SageMaker, or in a container as SageMaker runs it: ``POST …/invocations``.

The request is signed with AWS's signature version 4 by the credentials that botocore finds.
"""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Protocol

import msgspec
from yarl import URL

from core.scoring.model_file import SageMakerModel
from lookup_service.scoring.remote import VERIFY_S, Answer, HttpClient, RemoteServer
from lookup_service.scoring.runtime import Rows, RunFailure, Tensor, TensorSpec, flat_tensor, scores_of

NO_CREDENTIALS: Final = RunFailure("failed", "there are no credentials of AWS")
_MEDIA_TYPES: Final = {"csv": "text/csv", "json": "application/json"}
_SCORE: Final = "score"
"""Of a prediction that is an object, as those of SageMaker's own linear learner."""
_encode = msgspec.json.Encoder().encode


class Signer(Protocol):
    def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> dict[str, str] | None:
        """All headers of the signed request; None: there are no credentials. May wait for AWS: runs in a thread."""


class SageMakerRuntime:
    def __init__(self, http: HttpClient, model: SageMakerModel, sign: Signer) -> None:
        self._model = model
        self._sign = sign
        self._thread = ThreadPoolExecutor(1, "aws-signature")
        """Of this model: a wait for credentials must take no thread from anybody else."""
        self._server = RemoteServer(http, model.name, deadline_s=model.deadline_ms / 1000)
        self._url = model.url or (
            f"https://runtime.sagemaker.{model.region}.amazonaws.com/endpoints/{model.endpoint}/invocations"
        )
        media_type = _MEDIA_TYPES[model.content]
        self._headers = {"content-type": media_type, "accept": media_type, "accept-encoding": "identity"}
        self.input = TensorSpec("input", "FP32", (-1, len(model.inputs)))
        self.output = TensorSpec(model.output.name, "FP32", (-1, -1))

    async def run(self, rows: Rows, timeout_s: float) -> Tensor | RunFailure:
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout_s
        body = _csv(rows) if self._model.content == "csv" else _encode({"instances": rows})
        try:
            async with asyncio.timeout_at(until):
                signed = await loop.run_in_executor(self._thread, self._sign, self._url, body, self._headers)
        except TimeoutError:
            return RunFailure("late", "the credentials of AWS take longer than the deadline")
        except Exception as error:  # botocore has many, such as those of a profile that is not there
            return RunFailure("failed", f"the credentials of AWS cannot be read: {type(error).__name__}")
        if signed is None and self._model.url is None:
            return NO_CREDENTIALS
        url = URL(self._url, encoded=True)
        answer = await self._server.post(url, body, signed or self._headers, until - loop.time())
        return answer if isinstance(answer, RunFailure) else self._read(answer, len(rows))

    async def verify(self, row: Sequence[float]) -> RunFailure | None:
        found = await self.run([row], VERIFY_S)
        scores = found if isinstance(found, RunFailure) else scores_of(found, self._model.output, 1)
        return scores if isinstance(scores, RunFailure) else None

    def _read(self, answer: Answer, rows: int) -> Tensor | RunFailure:
        try:
            is_json = answer.media_type == _MEDIA_TYPES["json"]
            table = self._of_json(answer.body) if is_json else _of_csv(answer.body, rows)
            columns = len(table[0])
        except (msgspec.MsgspecError, ValueError, RecursionError, LookupError, TypeError):
            return RunFailure("refused", "the answer is no CSV or JSON with numbers")
        if len(table) != rows or any(len(each) != columns for each in table):
            return RunFailure("refused", f"the answer has not one prediction for each of {rows} rows")
        tensor = flat_tensor("FP32", (rows, columns), table)
        return RunFailure("refused", f"the output: {tensor}") if isinstance(tensor, str) else tensor

    def _of_json(self, body: bytes) -> list[list[Any]]:
        """Raises what a document of another form makes it raise."""
        document = msgspec.json.decode(body)
        predictions = document if isinstance(document, list) else document[self._model.output.name]
        scores = [each[_SCORE] if isinstance(each, dict) else each for each in predictions]
        return [each if isinstance(each, list) else [each] for each in scores]


def _csv(rows: Rows) -> bytes:
    return "".join(",".join(map(repr, row)) + "\n" for row in rows).encode()


def _of_csv(body: bytes, rows: int) -> list[list[Any]]:
    """A row a line, or all rows in one line, each one number. Raises ValueError."""
    table = [[float(number) for number in line.split(",")] for line in body.decode().split()]
    return [[number] for number in table[0]] if len(table) == 1 and rows > 1 else table
