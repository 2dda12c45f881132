"""In front of every route: who asks, how much and how slowly, and how many at once."""

import time
from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts.lookup import API_KEY_HEADER, PATH
from lookup_service.api_keys import ApiKeys
from lookup_service.body_reading import read_body
from lookup_service.metrics import Metrics
from lookup_service.refusal import Refusal, send_refusal
from lookup_service.settings import Settings

OPEN = frozenset({"/healthz", "/readyz"})
"""Answered for everyone and at any load."""
READING_PER_SLOT = 4
"""So many bodies may be on their way for each request that may be under way."""
UNKNOWN = Refusal(status_code=401, error="no valid API key", field=API_KEY_HEADER)
NOT_POST = Refusal(status_code=405, error="POST only")
BUSY = Refusal(status_code=429, error="too many requests under way", retry_after_s=1)

Answer = Callable[[Scope, bytes, float, Send], Awaitable[None]]
"""(scope, body, time.perf_counter() at receipt, send)"""


class Gate:
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
        self._max_reading = settings.max_concurrency * READING_PER_SLOT
        self._max_bytes = settings.max_body_bytes
        self._timeout_s = settings.body_timeout_ms / 1000
        self._under_way = 0
        self._reading = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        path = scope["path"]
        if path in OPEN:
            await self._rest(scope, receive, send)
            return
        if self._keys is not None:
            client = self._keys.client(scope["headers"])
            if client is None:
                await self._refuse(send, UNKNOWN)
                return
            self._metrics.asked(client)
        body = await self._read(scope, receive)
        if isinstance(body, Refusal):
            await self._refuse(send, body)
            return
        if self._under_way >= self._max_under_way:
            await self._refuse(send, BUSY)
            return
        self._under_way += 1
        try:
            if path != PATH:
                await self._rest(scope, _replay(body, receive), send)
            elif scope["method"] == "POST":
                await self._lookup(scope, body, started, send)
            else:
                await self._refuse(send, NOT_POST)
        finally:
            self._under_way -= 1

    async def _read(self, scope: Scope, receive: Receive) -> bytes | Refusal:
        if self._reading >= self._max_reading:
            return BUSY
        self._reading += 1
        try:
            return await read_body(scope["headers"], receive, max_bytes=self._max_bytes, timeout_s=self._timeout_s)
        finally:
            self._reading -= 1

    async def _refuse(self, send: Send, refusal: Refusal) -> None:
        self._metrics.refused(refusal.status_code)
        await send_refusal(send, refusal)


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
