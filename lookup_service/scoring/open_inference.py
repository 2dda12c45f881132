"""A model on another server that speaks the Open Inference Protocol v2: KServe, Triton, MLServer, this service."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

import msgspec
from yarl import URL

from contracts.lookup_api.inference import PATH, InferenceRequest, InferenceResponse, RequestedOutput, RequestTensor
from core.scoring.model_file import OpenInferenceModel
from lookup_service.scoring.remote import VERIFY_S, HttpClient, RemoteServer
from lookup_service.scoring.runtime import Rows, RunFailure, Tensor, TensorSpec, flat_tensor, scores_of

_JSON: Final = "application/json"
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(InferenceResponse).decode


class OpenInferenceRuntime:
    def __init__(self, http: HttpClient, model: OpenInferenceModel, key: str | None = None) -> None:
        """:param key: sent as a bearer token."""
        self._model = model
        self._server = RemoteServer(http, model.name, deadline_s=model.deadline_ms / 1000)
        path = f"{PATH}/models/{quote(model.model or model.name, safe='')}"
        if model.model_version is not None:
            path += f"/versions/{quote(model.model_version, safe='')}"
        self._url = URL(f"{model.url.rstrip('/')}{path}/infer", encoded=True)
        self._headers = {"content-type": _JSON, "accept": _JSON, "accept-encoding": "identity"}
        if key is not None:
            self._headers["authorization"] = f"Bearer {key}"
        self.input = TensorSpec(model.tensor, model.datatype, (-1, len(model.inputs)))
        self.output = TensorSpec(model.output.name, model.datatype, (-1, -1))

    async def run(self, rows: Rows, timeout_s: float) -> Tensor | RunFailure:
        answer = await self._server.post(self._url, self._request(rows), self._headers, timeout_s)
        if isinstance(answer, RunFailure):
            return answer
        try:
            outputs = _decode(answer.body).outputs
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return RunFailure("refused", "the answer is none of the protocol")
        for each in outputs:
            if each.name == self.output.name:
                found = flat_tensor(each.datatype, each.shape, each.data)
                return RunFailure("refused", f"the output: {found}") if isinstance(found, str) else found
        return RunFailure("refused", f"the answer has no output {self.output.name}")

    async def verify(self, row: Sequence[float]) -> RunFailure | None:
        found = await self.run([row], VERIFY_S)
        scores = found if isinstance(found, RunFailure) else scores_of(found, self._model.output, 1)
        return scores if isinstance(scores, RunFailure) else None

    def _request(self, rows: Rows) -> bytes:
        data = [number for row in rows for number in row]
        tensor = RequestTensor(
            name=self.input.name, shape=[len(rows), len(rows[0])], datatype=self.input.datatype, data=data
        )
        return _encode(InferenceRequest(inputs=[tensor], outputs=[RequestedOutput(name=self.output.name)]))
