"""Converts the framework's own errors to problem details, without any value of the request."""

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from lookup_service.http.error_response import PROBLEM_MEDIA_TYPE, ErrorResponse, for_path, title_of
from lookup_service.metrics import Metrics

INTERNAL_ERROR = ErrorResponse(status_code=500, error="internal error")
_FIELDS = {404: "path", 405: "method"}


def add_handlers(app: FastAPI) -> None:
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _failed)


def respond(error: ErrorResponse, metrics: Metrics | None = None) -> Response:
    if metrics is not None:
        metrics.record_error(error.status_code)
    return Response(error.body, status_code=error.status_code, media_type=PROBLEM_MEDIA_TYPE, headers=error.headers)


async def _not_valid(request: Request, error: Exception) -> Response:
    """Replaces FastAPI's own response, which shows the invalid values."""
    found = error.errors()[0] if isinstance(error, RequestValidationError) else {"loc": (), "type": "value_error"}
    field = str(found["loc"][-1]) if found["loc"] else "$"
    return _respond(request, ErrorResponse(status_code=422, error=f"not valid ({found['type']})", field=field))


async def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    allowed = (error.headers or {}).get("Allow") if isinstance(error, HTTPException) else None
    if allowed is not None:
        methods = {method.strip() for method in allowed.split(",")}
        allowed = ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))
    response = ErrorResponse(
        status_code=status,
        error=title_of(status).lower(),
        field=_FIELDS.get(status, "$"),
        header=("allow", allowed) if allowed is not None else None,
    )
    return _respond(request, response)


async def _failed(request: Request, _error: Exception) -> Response:
    """Responds without details; the server logs the exception's type and place."""
    return _respond(request, INTERNAL_ERROR)


def _respond(request: Request, error: ErrorResponse) -> Response:
    return respond(for_path(error, request.url.path), _metrics(request))


def _metrics(request: Request) -> Metrics | None:
    services = getattr(request.app.state, "services", None)
    return None if services is None else services.metrics
