"""The HTTP routes except ``/v1/lookup``: see :mod:`lookup_service.endpoints.lookup`. Bodies are JSON by msgspec."""

import time
from typing import Annotated, cast

import msgspec
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from prometheus_client import CONTENT_TYPE_LATEST

from contracts.lookup_api import enrich as enrichment
from contracts.lookup_api import recent
from contracts.lookup_api.lookups import DEADLINE_HEADER, Kind, LookupKey
from contracts.security import risk
from lookup_service.endpoints import feature_routes
from lookup_service.endpoints.enrich import derived_by, enrich_events, read_events
from lookup_service.endpoints.lookup import DEADLINE_SHARE
from lookup_service.endpoints.recent import recent_results
from lookup_service.endpoints.risk import assess
from lookup_service.http.admission import CLIENT
from lookup_service.http.error_response import ErrorResponse
from lookup_service.http.framework_errors import respond
from lookup_service.http.openapi import (
    CACHE_OPENAPI,
    ENRICH_OPENAPI,
    METRICS_OPENAPI,
    OPEN_OPENAPI,
    READY_OPENAPI,
    RECENT_OPENAPI,
    RISK_OPENAPI,
)
from lookup_service.http.request_reading import (
    read_collector_tstamp,
    read_deadline_ms,
    read_risk_event,
)
from lookup_service.services import Services

RETRY_AFTER_S = 1
CACHE_PATH = "/v1/cache"
router = APIRouter(default_response_class=Response)
router.include_router(feature_routes.router)
_encode = msgspec.json.Encoder().encode


@router.get(recent.PATH, openapi_extra=RECENT_OPENAPI, summary="Results of the keys that the caller looked up lately")
async def recent_keys(
    request: Request, limit: Annotated[int, Query(ge=1, le=recent.MAX_RESULTS)] = recent.DEFAULT_RESULTS
) -> Response:
    started = time.perf_counter()
    services = _services(request)
    deadline_ms = read_deadline_ms(
        request.headers.get(DEADLINE_HEADER), default_ms=services.settings.default_deadline_ms
    )
    if isinstance(deadline_ms, ErrorResponse):
        return _error(services, deadline_ms)
    until = started + deadline_ms / 1000 * DEADLINE_SHARE
    lines = recent_results(
        services.recent,
        services.resolver,
        services.metrics,
        client=request.scope[CLIENT],
        limit=limit,
        until=until,
    )
    return StreamingResponse(lines, media_type=recent.MEDIA_TYPE)


@router.post(enrichment.PATH, openapi_extra=ENRICH_OPENAPI, summary="Enrich raw events")
async def enrich(request: Request) -> Response:
    started = time.perf_counter()
    services = _services(request)
    deadline_ms = read_deadline_ms(
        request.headers.get(DEADLINE_HEADER), default_ms=services.settings.default_deadline_ms
    )
    collector_tstamp = read_collector_tstamp(request.headers.get(enrichment.COLLECTOR_HEADER))
    events = read_events(await request.body())
    if isinstance(deadline_ms, ErrorResponse):
        return _error(services, deadline_ms)
    if isinstance(collector_tstamp, ErrorResponse):
        return _error(services, collector_tstamp)
    if isinstance(events, ErrorResponse):
        return _error(services, events)
    budget_s = deadline_ms / 1000 * DEADLINE_SHARE - (time.perf_counter() - started)
    derived = derived_by(services.sources)
    found = await enrich_events(
        events, services.resolver, derived, collector_tstamp=collector_tstamp, budget_s=budget_s
    )
    services.metrics.record_enrichment(result.outcome for result in found.results)
    return _json(_encode(found))


@router.post(risk.PATH, openapi_extra=RISK_OPENAPI, summary="Risk of an event that is about to happen")
async def assess_risk(request: Request) -> Response:
    started = time.perf_counter()
    services = _services(request)
    event = read_risk_event(await request.body())
    if isinstance(event, ErrorResponse):
        return _error(services, event)
    deadline_ms = read_deadline_ms(
        request.headers.get(DEADLINE_HEADER), default_ms=services.settings.default_deadline_ms
    )
    if isinstance(deadline_ms, ErrorResponse):
        return _error(services, deadline_ms)
    found = await assess(event, services, until=started + deadline_ms / 1000 * DEADLINE_SHARE)
    services.metrics.record_risk(found.status, found.decision, seconds=time.perf_counter() - started)
    return _json(_encode(found))


@router.delete(CACHE_PATH + "/{kind}/{key:path}", openapi_extra=CACHE_OPENAPI, summary="Invalidate a cached key")
async def invalidate(request: Request, kind: Kind, key: str) -> Response:
    services = _services(request)
    services.recent.forget(kind, key)
    removed, is_complete = await services.resolver.invalidate(LookupKey(kind, key))
    outcome = {"removed": removed, "complete": is_complete}
    if is_complete:
        return _json(_encode(outcome))
    error = "removed from this process, but Redis is unreachable"
    return _error(services, ErrorResponse(status_code=503, error=error, retry_after_s=RETRY_AFTER_S, members=outcome))


@router.get("/healthz", openapi_extra=OPEN_OPENAPI, summary="The process is alive")
async def healthz() -> Response:
    return _json(b'{"alive":true}')


@router.get("/readyz", openapi_extra=READY_OPENAPI, summary="Every source works (200), or not (503)")
async def readyz(request: Request) -> Response:
    readiness = await _services(request).readiness.get()
    if readiness.ready:
        return _json(_encode(readiness))
    return respond(
        ErrorResponse(status_code=503, error="a source does not answer", members=msgspec.to_builtins(readiness))
    )


@router.get("/metrics", openapi_extra=METRICS_OPENAPI, summary="Prometheus metrics")
async def metrics(request: Request) -> Response:
    services = _services(request)
    services.metrics.observe_sources(services.sources)
    services.metrics.observe_recent_keys(len(services.recent))
    return Response(services.metrics.export(await services.readiness.get()), media_type=CONTENT_TYPE_LATEST)


def _error(services: Services, error: ErrorResponse) -> Response:
    return respond(error, services.metrics)


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")


def _services(request: Request) -> Services:
    return cast("Services", request.app.state.services)
