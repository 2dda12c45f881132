"""``POST /v1/lookup``: straight from bytes to bytes, past FastAPI and pydantic."""

import time
from collections.abc import Mapping

from starlette.types import Send

from contracts.lookup_api.lookups import DEADLINE_HEADER, LookupKey
from lookup_service.clock import now_ms
from lookup_service.http.error_response import ErrorResponse, send_json, send_refusal
from lookup_service.http.request_reading import read_deadline_ms, read_request
from lookup_service.metrics import Metrics
from lookup_service.resolving.caching.entry import Entry
from lookup_service.resolving.resolver import Resolver

DEADLINE_SHARE = 0.9
"""Of the caller's deadline; the rest is for encoding and the way back."""
_HEADER = DEADLINE_HEADER.encode()


class LookupEndpoint:
    def __init__(self, resolver: Resolver, metrics: Metrics, *, default_deadline_ms: int) -> None:
        self._resolver = resolver
        self._metrics = metrics
        self._default_deadline_ms = default_deadline_ms

    async def __call__(self, headers: Mapping[bytes, bytes], body: bytes, started: float, send: Send) -> None:
        """``started``: :func:`time.perf_counter` at receipt."""
        keys = read_request(body)
        if isinstance(keys, ErrorResponse):
            await self._refuse(send, keys)
            return
        deadline_ms = self._deadline_ms(headers)
        if isinstance(deadline_ms, ErrorResponse):
            await self._refuse(send, deadline_ms)
            return
        await send_json(send, await self._answer(keys.keys, deadline_ms, started))

    async def _answer(self, keys: list[LookupKey], deadline_ms: int, started: float) -> bytes:
        budget_s = deadline_ms / 1000 * DEADLINE_SHARE - (time.perf_counter() - started)
        entries = await self._resolver.resolve(keys, budget_s=budget_s)
        body = encode(entries)
        self._metrics.answered(entries, seconds=time.perf_counter() - started)
        return body

    def _deadline_ms(self, headers: Mapping[bytes, bytes]) -> int | ErrorResponse:
        value = headers.get(_HEADER)
        if value is None:
            return self._default_deadline_ms
        return read_deadline_ms(value.decode("latin-1"), default_ms=self._default_deadline_ms)

    async def _refuse(self, send: Send, refusal: ErrorResponse) -> None:
        self._metrics.refused(refusal.status_code)
        await send_refusal(send, refusal)


def encode(entries: list[Entry]) -> bytes:
    """A :class:`contracts.lookup_api.lookups.LookupResponse`, put together from what is encoded already."""
    now = now_ms()
    return b'{"results":[%b]}' % b",".join([b"%b%d}" % (entry.head, now - entry.born_ms) for entry in entries])
