"""In front of every route: who asks, for what, how much and how slowly, and how many at once."""

import time
from collections.abc import Awaitable, Callable, Mapping

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts.lookup_api import enrich as enrichment
from contracts.lookup_api import features
from contracts.lookup_api.lookups import API_KEY_HEADER, PATH
from lookup_service.http import api_keys
from lookup_service.http.api_keys import ApiKeys
from lookup_service.http.body_reading import BodyReader
from lookup_service.http.content_type import check_content
from lookup_service.http.docs_page import ASSETS, DOCS, OPENAPI
from lookup_service.http.error_response import ErrorResponse, send_refusal
from lookup_service.http.framework_errors import FAILED
from lookup_service.metrics import Metrics
from lookup_service.settings import Settings

SCOPE_OF: Mapping[str, api_keys.Scope] = {
    PATH: "lookup",
    enrichment.PATH: "enrich",
    features.PATH: "features",
    "/v1/cache": "admin",
    "/metrics": "metrics",
}
"""What the API key needs for a path and all below it."""
OPEN = frozenset({"/healthz", "/readyz", DOCS, OPENAPI, *ASSETS})
"""Answered for everyone and at any load: what is kept ready, and the same for all."""
UNKNOWN = ErrorResponse(
    status_code=401, error="no valid API key", field=API_KEY_HEADER, header=("www-authenticate", "Bearer")
)
LACKING = {
    scope: ErrorResponse(status_code=403, error=f"the API key lacks the scope {scope}", field=API_KEY_HEADER)
    for scope in sorted(api_keys.SCOPES)
}
NOT_POST = ErrorResponse(status_code=405, error="POST only", field="method", header=("allow", "POST"))
BUSY = ErrorResponse(status_code=429, error="too many requests under way", retry_after_s=1)

Answer = Callable[[Mapping[bytes, bytes], bytes, float, Send], Awaitable[None]]
"""(headers, body, time.perf_counter() at receipt, send)"""
log = structlog.get_logger(__name__)


class AdmissionMiddleware:
    """A body is read before the request takes one of the slots, so slow senders do not occupy them."""

    def __init__(
        self, settings: Settings, keys: ApiKeys | None, metrics: Metrics, *, lookup: Answer, rest: ASGIApp
    ) -> None:
        """``lookup`` answers lookups, past the framework, whose way to a route costs as much as the answer."""
        self._keys = keys
        self._metrics = metrics
        self._lookup = lookup
        self._rest = rest
        self._max_under_way = settings.max_concurrency
        self._bodies = BodyReader(
            max_bytes=settings.max_body_bytes,
            timeout_s=settings.body_timeout_ms / 1000,
            memory_bytes=settings.body_memory,
        )
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        if scope["method"] == "HEAD":
            scope, send = {**scope, "method": "GET"}, _without_body(send)
        if scope["path"] in OPEN:
            await self._rest(scope, receive, send)
            return
        headers = dict(scope["headers"])
        refusal = self._check(scope["method"], scope["path"], headers)
        if refusal is not None:
            await self._refuse(send, refusal)
            return
        body = await self._bodies.read(headers.get(b"content-length"), receive)
        if isinstance(body, ErrorResponse):
            await self._refuse(send, body)
            return
        try:
            if self._under_way >= self._max_under_way:
                await self._refuse(send, BUSY)
            elif scope["path"] == PATH:
                await self._in_slot(self._look_up(headers, body, started, send))
            else:
                await self._in_slot(self._rest(scope, _replay(body, receive), send))
        finally:
            self._bodies.release(body)

    def _check(self, method: str, path: str, headers: Mapping[bytes, bytes]) -> ErrorResponse | None:
        """What can be said before the body is read."""
        if self._keys is not None:
            client = self._keys.client(headers)
            if client is None:
                return UNKNOWN
            self._metrics.asked(client.name)
            needed = needed_scope(path)
            if needed is not None and needed not in client.scopes:
                return LACKING[needed]
        if method == "POST":
            return check_content(path, headers)
        return NOT_POST if path == PATH else None

    async def _in_slot(self, answering: Awaitable[None]) -> None:
        self._under_way += 1
        try:
            await answering
        finally:
            self._under_way -= 1

    async def _look_up(self, headers: Mapping[bytes, bytes], body: bytes, started: float, send: Send) -> None:
        try:
            await self._lookup(headers, body, started, send)
        except Exception:  # a bug; the answer says nothing of it
            log.exception("lookup_failed")
            await self._refuse(send, FAILED)

    async def _refuse(self, send: Send, refusal: ErrorResponse) -> None:
        self._metrics.refused(refusal.status_code)
        await send_refusal(send, refusal)


def needed_scope(path: str) -> api_keys.Scope | None:
    """None: any key will do."""
    if path == PATH:
        return "lookup"
    for beginning, scope in SCOPE_OF.items():
        if path == beginning or path.startswith(beginning + "/"):
            return scope
    return None


def _without_body(send: Send) -> Send:
    """A GET's headers as the answer to HEAD."""

    async def headers_only(message: Message) -> None:
        if message["type"] != "http.response.body":
            await send(message)
        elif not message.get("more_body", False):
            await send({"type": "http.response.body", "body": b""})

    return headers_only


def _replay(body: bytes, receive: Receive) -> Receive:
    """Hands over the body that was read already, then what else comes."""
    is_read = False

    async def replay() -> Message:
        nonlocal is_read
        if is_read:
            return await receive()
        is_read = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
