"""The Open Inference Protocol v2 in JSON, as far as it is spoken here: as a server under ``/v2``, and as a client.

Its binary extension is not supported. Errors of the protocol are ``{"error": "…"}``.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

PATH = "/v2"
LIVE_PATH, READY_PATH = f"{PATH}/health/live", f"{PATH}/health/ready"
MAX_ROWS = 10_000

DataType = Literal["FP32", "FP64"]
Size = Annotated[int, Meta(ge=-1)]
"""Of a dimension; -1 in metadata: any."""


class TensorMetadata(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    datatype: str
    shape: list[Size]


class ServerMetadata(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    version: str
    extensions: list[str] = []


class ModelMetadata(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    versions: list[str] = []
    platform: str
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]


class RequestTensor(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    shape: list[Annotated[int, Meta(ge=0)]]
    datatype: str
    data: list[Any]
    """The numbers in the order of rows, flat or nested as the shape says."""
    parameters: dict[str, Any] = {}


class RequestedOutput(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    parameters: dict[str, Any] = {}


class InferenceRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    inputs: list[RequestTensor]
    id: str | None = None
    parameters: dict[str, Any] = {}
    outputs: list[RequestedOutput] | None = None


class ResponseTensor(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    shape: list[Annotated[int, Meta(ge=0)]]
    datatype: str
    data: list[Any]


class InferenceResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    model_name: str
    outputs: list[ResponseTensor]
    model_version: str | None = None
    id: str | None = None


class ModelReady(msgspec.Struct, frozen=True):
    name: str
    ready: bool


class InferenceError(msgspec.Struct, frozen=True):
    error: str
