"""The Open Inference Protocol v2: the models in use for whoever speaks it, numbers in and numbers out, no features.

An error has the protocol's member ``error`` beside those of every error of this service.
"""

import time
from typing import cast

import msgspec
from fastapi import APIRouter, Request, Response

from contracts import VERSION
from contracts.lookup_api.inference import LIVE_PATH, PATH, READY_PATH, ModelReady, ServerMetadata
from contracts.lookup_api.lookups import DEADLINE_HEADER
from lookup_service.endpoints.lookup import DEADLINE_SHARE
from lookup_service.endpoints.scores import FAILURES, model_of, run
from lookup_service.http.error_response import ErrorResponse, for_path
from lookup_service.http.framework_errors import respond
from lookup_service.http.inference_openapi import (
    INFER_OPENAPI,
    LIVE_OPENAPI,
    METADATA_OPENAPI,
    MODEL_READY_OPENAPI,
    SERVER_OPENAPI,
)
from lookup_service.http.request_reading import read_deadline_ms, read_inference_request
from lookup_service.scoring.loading import LoadedModel
from lookup_service.scoring.protocol import answer_of, metadata_of, rows_of
from lookup_service.scoring.runtime import RunFailure
from lookup_service.services import Services

SERVER = "clickstream-lookup"
MODEL, VERSIONED = PATH + "/models/{model}", PATH + "/models/{model}/versions/{version}"
UNKNOWN_VERSION = ErrorResponse(status_code=404, error="this version of the model is not in use", field="version")
BINARY = ErrorResponse(status_code=400, error="the binary extension is not supported", field="body")
_BINARY_HEADER = "inference-header-content-length"
router = APIRouter(default_response_class=Response)
_encode = msgspec.json.Encoder().encode


@router.get(PATH, openapi_extra=SERVER_OPENAPI, summary="Open Inference Protocol: the server")
async def server() -> Response:
    return _json(ServerMetadata(name=SERVER, version=VERSION))


@router.get(LIVE_PATH, openapi_extra=LIVE_OPENAPI, summary="Open Inference Protocol: the process is alive")
async def live() -> Response:
    return _json({"live": True})


@router.get(READY_PATH, openapi_extra=LIVE_OPENAPI, summary="Open Inference Protocol: the models have been loaded")
async def ready() -> Response:
    """The application is served only after its models have been loaded or refused."""
    return _json({"ready": True})


@router.get(MODEL, openapi_extra=METADATA_OPENAPI, summary="Open Inference Protocol: a model's tensors")
@router.get(VERSIONED, openapi_extra=METADATA_OPENAPI, summary="Open Inference Protocol: a version's tensors")
async def metadata(request: Request, model: str, version: str | None = None) -> Response:
    found = _model(_services(request), model, version)
    return _refusal(request, found) if isinstance(found, ErrorResponse) else _json(metadata_of(found))


@router.get(MODEL + "/ready", openapi_extra=MODEL_READY_OPENAPI, summary="Open Inference Protocol: a model is ready")
@router.get(VERSIONED + "/ready", openapi_extra=MODEL_READY_OPENAPI, summary="Open Inference Protocol: a version is")
async def model_ready(request: Request, model: str, version: str | None = None) -> Response:
    found = _model(_services(request), model, version)
    return _refusal(request, found) if isinstance(found, ErrorResponse) else _json(ModelReady(model, True))


@router.post(MODEL + "/infer", openapi_extra=INFER_OPENAPI, summary="Open Inference Protocol: run a model")
@router.post(VERSIONED + "/infer", openapi_extra=INFER_OPENAPI, summary="Open Inference Protocol: run a version")
async def infer(request: Request, model: str, version: str | None = None) -> Response:
    started = time.perf_counter()
    found = _model(_services(request), model, version)
    if isinstance(found, ErrorResponse):
        return _refusal(request, found)
    response = await _infer(request, found, started)
    _services(request).metrics.scores.record_inference(model, response.status_code)
    return response


async def _infer(request: Request, model: LoadedModel, started: float) -> Response:
    services = _services(request)
    if _BINARY_HEADER in request.headers:
        return _refusal(request, BINARY)
    asked = read_inference_request(await request.body())
    if isinstance(asked, ErrorResponse):
        return _refusal(request, asked)
    rows = rows_of(asked, model)
    if isinstance(rows, str):
        return _refusal(request, ErrorResponse(status_code=400, error=rows, field="inputs"))
    deadline_ms = read_deadline_ms(request.headers.get(DEADLINE_HEADER), default_ms=model.file.deadline_ms)
    if isinstance(deadline_ms, ErrorResponse):
        return _refusal(request, deadline_ms)
    tensor = await run(model, rows, services, started + deadline_ms / 1000 * DEADLINE_SHARE)
    if isinstance(tensor, RunFailure):
        return _refusal(request, FAILURES[tensor.kind])
    return _json(answer_of(asked, model, tensor))


def _model(services: Services, name: str, version: str | None) -> LoadedModel | ErrorResponse:
    model = model_of(services, name)
    if isinstance(model, LoadedModel) and version not in (None, model.file.version):
        return UNKNOWN_VERSION
    return model


def _refusal(request: Request, error: ErrorResponse) -> Response:
    return respond(for_path(error, request.url.path), _services(request).metrics)


def _json(answer: object) -> Response:
    return Response(_encode(answer), media_type="application/json")


def _services(request: Request) -> Services:
    return cast("Services", request.app.state.services)
