"""The HTTP surface: lookups, health, metrics. Bodies are JSON by msgspec, past pydantic."""

import time
from typing import cast

import msgspec
from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from contracts.lookup import DEADLINE_HEADER, PATH, LookupRequest, LookupResponse
from lookup_service.openapi import LOOKUP_OPENAPI
from lookup_service.request_reading import (
    MAX_BODY_BYTES,
    TOO_LARGE,
    Refusal,
    read_deadline_ms,
    read_request,
)
from lookup_service.services import Services

DEADLINE_SHARE = 0.9
"""Of the caller's deadline; the rest is for encoding and the way back."""

router = APIRouter()
_encode = msgspec.json.Encoder().encode


@router.post(PATH, response_class=Response, openapi_extra=LOOKUP_OPENAPI, summary="Look up a batch of keys")
async def lookup(request: Request) -> Response:
    started = time.perf_counter()
    services = _services(request)
    deadline_ms = read_deadline_ms(
        request.headers.get(DEADLINE_HEADER), default_ms=services.settings.default_deadline_ms
    )
    if isinstance(deadline_ms, Refusal):
        return _refuse(services, deadline_ms)
    asked = await _read_body(request)
    if isinstance(asked, Refusal):
        return _refuse(services, asked)
    budget_s = deadline_ms / 1000 * DEADLINE_SHARE - (time.perf_counter() - started)
    results = await services.resolver.resolve(asked.keys, budget_s=budget_s)
    body = _encode(LookupResponse(results=results))
    services.metrics.answered(asked.keys, results, seconds=time.perf_counter() - started)
    return _json(body)


@router.get("/healthz", response_class=Response, summary="The process is alive")
async def healthz() -> Response:
    return _json(b'{"alive":true}')


@router.get("/readyz", response_class=Response, summary="Every dependency answers (200), or not (503)")
async def readyz(request: Request) -> Response:
    readiness = await _services(request).check()
    return _json(_encode(readiness), status_code=200 if readiness.ready else 503)


@router.get("/metrics", response_class=Response, summary="Prometheus metrics; asks the dependencies")
async def metrics(request: Request) -> Response:
    services = _services(request)
    return Response(services.metrics.export(await services.check()), media_type=CONTENT_TYPE_LATEST)


async def _read_body(request: Request) -> LookupRequest | Refusal:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            return TOO_LARGE
    return read_request(body)


def _refuse(services: Services, refusal: Refusal) -> Response:
    services.metrics.refused(refusal.status_code)
    return _json(_encode({"error": refusal.error, "field": refusal.field}), status_code=refusal.status_code)


def _json(body: bytes, *, status_code: int = 200) -> Response:
    return Response(body, status_code=status_code, media_type="application/json")


def _services(request: Request) -> Services:
    return cast("Services", request.app.state.services)
