"""The routes that read features: ``/v1/features`` and Feast's ``/get-online-features``."""

import time
from typing import Annotated, cast

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response

from contracts.lookup_api import feast
from contracts.lookup_api.features import MAX_ID_CHARACTERS, MAX_TSTAMP, PATH, Entity, FeatureResponse
from lookup_service.endpoints.features import NOT_CONFIGURED, UNAVAILABLE, read_features, refused
from lookup_service.features.feast import answer, plan_of
from lookup_service.features.reading import read_values
from lookup_service.http.error_response import ErrorResponse
from lookup_service.http.feature_openapi import FEATURE_OPENAPI, FEATURES_OPENAPI, ONLINE_FEATURES_OPENAPI
from lookup_service.http.framework_errors import respond
from lookup_service.http.request_reading import read_feature_request, read_names, read_online_features_request
from lookup_service.services import Services

router = APIRouter(default_response_class=Response)
_encode = msgspec.json.Encoder().encode
Names = Annotated[str | None, Query(description="Value names, comma-separated; default: all of the entity.")]
At = Annotated[
    int | None,
    Query(ge=0, lt=MAX_TSTAMP, description="The instant, ms since 1970, not before the newest event; default: now."),
]


@router.get(PATH + "/{entity}/{entity_id:path}", openapi_extra=FEATURE_OPENAPI, summary="Features of one id")
async def feature(
    request: Request,
    entity: Entity,
    entity_id: Annotated[str, Path(max_length=MAX_ID_CHARACTERS)],
    names: Names = None,
    at: At = None,
) -> Response:
    started = time.perf_counter()
    services = _services(request)
    wanted = read_names(names)
    if isinstance(wanted, ErrorResponse):
        return respond(wanted, services.metrics)
    found = await read_features(services, entity, [entity_id], wanted, at)
    if isinstance(found, ErrorResponse):
        return respond(found, services.metrics)
    [result] = found
    services.metrics.record_features([result.status], seconds=time.perf_counter() - started)
    return _json(_encode(result)) if result.status == "ok" else respond(refused(result), services.metrics)


@router.post(PATH + "/{entity}", openapi_extra=FEATURES_OPENAPI, summary="Features of a batch of ids")
async def feature_batch(request: Request, entity: Entity) -> Response:
    started = time.perf_counter()
    services = _services(request)
    asked = read_feature_request(await request.body())
    if isinstance(asked, ErrorResponse):
        return respond(asked, services.metrics)
    found = await read_features(services, entity, asked.ids, asked.names, asked.at)
    if isinstance(found, ErrorResponse):
        return respond(found, services.metrics)
    services.metrics.record_features((result.status for result in found), seconds=time.perf_counter() - started)
    return _json(_encode(FeatureResponse(found)))


@router.post(feast.PATH, openapi_extra=ONLINE_FEATURES_OPENAPI, summary="Features by Feast's protocol")
async def online_features(request: Request) -> Response:
    started = time.perf_counter()
    services = _services(request)
    asked = read_online_features_request(await request.body())
    if isinstance(asked, ErrorResponse):
        return respond(asked, services.metrics)
    if services.features is None:
        return respond(NOT_CONFIGURED, services.metrics)
    plan = plan_of(asked, services.features)
    if isinstance(plan, ErrorResponse):
        return respond(plan, services.metrics)
    read = await read_values(services, plan.wanted, plan.chosen)
    statuses = [each.status for found in read.values() for each in found]
    services.metrics.record_features(statuses, seconds=time.perf_counter() - started)
    if statuses and all(status == "error" for status in statuses):
        return respond(UNAVAILABLE, services.metrics)
    return _json(_encode(answer(plan, read)))


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")


def _services(request: Request) -> Services:
    return cast("Services", request.app.state.services)
