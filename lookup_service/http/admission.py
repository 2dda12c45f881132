"""Admission control before every route: API key and scope, content type, body size and time, concurrent requests."""

import time
from collections.abc import Awaitable, Callable, Mapping

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts.lookup_api import enrich as enrichment
from contracts.lookup_api import feast, features, inference, scores
from contracts.lookup_api.lookups import API_KEY_HEADER, PATH
from contracts.security import risk
from lookup_service.http import api_keys
from lookup_service.http.api_keys import ApiKeys
from lookup_service.http.body_reading import BodyReader
from lookup_service.http.content_type import check_content
from lookup_service.http.docs_page import ASSETS, DOCS, OPENAPI
from lookup_service.http.error_response import ErrorResponse, for_path, send_error
from lookup_service.http.framework_errors import INTERNAL_ERROR
from lookup_service.metrics import Metrics
from lookup_service.settings import Settings

SCOPE_OF: Mapping[str, api_keys.Scope] = {
    PATH: "lookup",
    enrichment.PATH: "enrich",
    features.PATH: "features",
    feast.PATH: "features",
    risk.PATH: "risk",
    scores.PATH: "score",
    scores.MODELS_PATH: "score",
    f"{inference.PATH}/models": "score",
    "/v1/cache": "admin",
    "/metrics": "metrics",
}
"""The scope that an API key needs for a path and every path below it."""
OPEN_PATHS = frozenset(
    {"/healthz", "/readyz", inference.PATH, inference.LIVE_PATH, inference.READY_PATH, DOCS, OPENAPI, *ASSETS}
)
"""Served without an API key and at any load: the responses are cached and the same for every caller."""
INVALID_API_KEY = ErrorResponse(
    status_code=401, error="no valid API key", field=API_KEY_HEADER, header=("www-authenticate", "Bearer")
)
MISSING_SCOPE = {
    scope: ErrorResponse(status_code=403, error=f"the API key lacks the scope {scope}", field=API_KEY_HEADER)
    for scope in sorted(api_keys.SCOPES)
}
NOT_POST = ErrorResponse(status_code=405, error="POST only", field="method", header=("allow", "POST"))
TOO_MANY_REQUESTS = ErrorResponse(status_code=429, error="too many requests in progress", retry_after_s=1)

LookupHandler = Callable[[str, Mapping[bytes, bytes], bytes, float, Send], Awaitable[None]]
"""(client, headers, body, time.perf_counter() at receipt, send)"""
CLIENT = "clickstream.client"
"""The name of the caller's API key in the ASGI scope of the framework's routes; empty where there are no keys."""
log = structlog.get_logger(__name__)


class AdmissionMiddleware:
    """Reads a body before the request takes a concurrency slot, so that slow senders do not occupy slots."""

    def __init__(
        self, settings: Settings, keys: ApiKeys | None, metrics: Metrics, *, lookup: LookupHandler, framework: ASGIApp
    ) -> None:
        """``lookup`` handles lookups without the framework, whose routing takes as long as the lookup itself."""
        self._keys = keys
        self._metrics = metrics
        self._lookup = lookup
        self._framework = framework
        self._max_in_progress = settings.max_concurrency
        self._bodies = BodyReader(
            max_bytes=settings.max_body_bytes,
            timeout_s=settings.body_timeout_ms / 1000,
            memory_bytes=settings.body_memory_bytes,
        )
        self._in_progress = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        if scope["method"] == "HEAD":
            scope, send = {**scope, "method": "GET"}, _without_body(send)
        if scope["path"] in OPEN_PATHS:
            await self._framework(scope, receive, send)
            return
        headers = dict(scope["headers"])
        client = self._admitted(scope["method"], scope["path"], headers)
        if isinstance(client, ErrorResponse):
            await self._send_error(scope, send, client)
            return
        body = await self._bodies.read(headers.get(b"content-length"), receive)
        if isinstance(body, ErrorResponse):
            await self._send_error(scope, send, body)
            return
        try:
            if self._in_progress >= self._max_in_progress:
                await self._send_error(scope, send, TOO_MANY_REQUESTS)
            elif scope["path"] == PATH:
                await self._in_slot(self._look_up(scope, client, headers, body, started, send))
            else:
                await self._in_slot(self._framework({**scope, CLIENT: client}, _replay(body, receive), send))
        finally:
            self._bodies.release(body)

    def _admitted(self, method: str, path: str, headers: Mapping[bytes, bytes]) -> str | ErrorResponse:
        """The client's name, after the checks that need only method, path and headers, before the body is read."""
        name = ""
        if self._keys is not None:
            client = self._keys.client(headers)
            if client is None:
                return INVALID_API_KEY
            name = client.name
            self._metrics.record_client(name)
            scope = required_scope(path)
            if scope is not None and scope not in client.scopes:
                return MISSING_SCOPE[scope]
        if method == "POST":
            return check_content(path, headers) or name
        return NOT_POST if path == PATH else name

    async def _in_slot(self, handling: Awaitable[None]) -> None:
        self._in_progress += 1
        try:
            await handling
        finally:
            self._in_progress -= 1

    async def _look_up(  # noqa: PLR0917  # what a request is
        self, scope: Scope, client: str, headers: Mapping[bytes, bytes], body: bytes, started: float, send: Send
    ) -> None:
        try:
            await self._lookup(client, headers, body, started, send)
        except Exception:  # a bug; the response shows no details of it
            log.exception("lookup_failed")
            await self._send_error(scope, send, INTERNAL_ERROR)

    async def _send_error(self, scope: Scope, send: Send, error: ErrorResponse) -> None:
        error = for_path(error, scope["path"])
        self._metrics.record_error(error.status_code)
        await send_error(send, error)


def required_scope(path: str) -> api_keys.Scope | None:
    """None for a path that any API key may use."""
    if path == PATH:
        return "lookup"
    for prefix, scope in SCOPE_OF.items():
        if path == prefix or path.startswith(prefix + "/"):
            return scope
    return None


def _without_body(send: Send) -> Send:
    """Sends only the headers of the GET response, as the response to HEAD."""

    async def headers_only(message: Message) -> None:
        if message["type"] != "http.response.body":
            await send(message)
        elif not message.get("more_body", False):
            await send({"type": "http.response.body", "body": b""})

    return headers_only


def _replay(body: bytes, receive: Receive) -> Receive:
    """First returns the body that was read already, then passes on later messages."""
    is_read = False

    async def replay() -> Message:
        nonlocal is_read
        if is_read:
            return await receive()
        is_read = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
