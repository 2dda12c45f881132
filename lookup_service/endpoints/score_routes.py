"""The routes of scores: ``POST /v1/score/{model}`` and ``GET /v1/models``."""

import time
from typing import cast

import msgspec
from fastapi import APIRouter, Request, Response

from contracts.lookup_api.lookups import DEADLINE_HEADER
from contracts.lookup_api.scores import MODELS_PATH, PATH
from lookup_service.endpoints.lookup import DEADLINE_SHARE
from lookup_service.endpoints.scores import FAILURES, model_of, score
from lookup_service.http.error_response import ErrorResponse
from lookup_service.http.framework_errors import respond
from lookup_service.http.request_reading import read_deadline_ms, read_score_request
from lookup_service.http.score_openapi import MODELS_OPENAPI, SCORE_OPENAPI
from lookup_service.scoring.runtime import RunFailure
from lookup_service.services import Services

router = APIRouter(default_response_class=Response)
_encode = msgspec.json.Encoder().encode


@router.post(PATH + "/{model}", openapi_extra=SCORE_OPENAPI, summary="Scores of a model, from features and numbers")
async def score_rows(request: Request, model: str) -> Response:
    started = time.perf_counter()
    services = _services(request)
    asked = read_score_request(await request.body())
    if isinstance(asked, ErrorResponse):
        return respond(asked, services.metrics)
    loaded = model_of(services, model)
    if isinstance(loaded, ErrorResponse):
        return respond(loaded, services.metrics)
    deadline_ms = read_deadline_ms(request.headers.get(DEADLINE_HEADER), default_ms=loaded.file.deadline_ms)
    if isinstance(deadline_ms, ErrorResponse):
        return respond(deadline_ms, services.metrics)
    found = await score(loaded, asked, services, until=started + deadline_ms / 1000 * DEADLINE_SHARE)
    seconds = time.perf_counter() - started
    if isinstance(found, RunFailure):
        services.metrics.scores.record_no_scores(model, found.kind, seconds=seconds)
        return respond(FAILURES[found.kind], services.metrics)
    services.metrics.scores.record_scores(model, found.status, found.fallbacks, seconds=seconds)
    return _json(_encode(found))


@router.get(MODELS_PATH, openapi_extra=MODELS_OPENAPI, summary="The models, and which version of each is in use")
async def models(request: Request) -> Response:
    return _json(_encode(_services(request).models.states()))


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")


def _services(request: Request) -> Services:
    return cast("Services", request.app.state.services)
