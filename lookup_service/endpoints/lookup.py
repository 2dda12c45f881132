"""``POST /v1/lookup``, without FastAPI and pydantic: request bytes are decoded and response bytes encoded directly."""

import time
from collections.abc import Mapping

from starlette.types import Send

from contracts.lookup_api.lookups import DEADLINE_HEADER, LookupKey
from lookup_service.clock import now_ms
from lookup_service.http.error_response import ErrorResponse, send_error, send_json
from lookup_service.http.request_reading import read_deadline_ms, read_request
from lookup_service.metrics import Metrics
from lookup_service.resolving.caching.entry import Entry
from lookup_service.resolving.recent_keys import RecentKeys
from lookup_service.resolving.resolver import Resolver

DEADLINE_SHARE = 0.9
"""Share of the caller's deadline for resolving; the rest is for encoding and sending the response."""
_HEADER = DEADLINE_HEADER.encode()


class LookupEndpoint:
    def __init__(self, resolver: Resolver, recent: RecentKeys, metrics: Metrics, *, default_deadline_ms: int) -> None:
        self._resolver = resolver
        self._recent = recent
        self._metrics = metrics
        self._default_deadline_ms = default_deadline_ms

    async def __call__(
        self, client: str, headers: Mapping[bytes, bytes], body: bytes, started: float, send: Send
    ) -> None:
        """
        :param client: name of the caller's API key.
        :param started: :func:`time.perf_counter` at receipt.
        """
        keys = read_request(body)
        if isinstance(keys, ErrorResponse):
            await self._send_error(send, keys)
            return
        deadline_ms = self._deadline_ms(headers)
        if isinstance(deadline_ms, ErrorResponse):
            await self._send_error(send, deadline_ms)
            return
        self._recent.note(client, keys.keys)
        await send_json(send, await self._look_up(keys.keys, deadline_ms, started))

    async def _look_up(self, keys: list[LookupKey], deadline_ms: int, started: float) -> bytes:
        budget_s = deadline_ms / 1000 * DEADLINE_SHARE - (time.perf_counter() - started)
        entries = await self._resolver.resolve(keys, budget_s=budget_s)
        body = encode(entries)
        self._metrics.record_lookup(entries, seconds=time.perf_counter() - started)
        return body

    def _deadline_ms(self, headers: Mapping[bytes, bytes]) -> int | ErrorResponse:
        value = headers.get(_HEADER)
        if value is None:
            return self._default_deadline_ms
        return read_deadline_ms(value.decode("latin-1"), default_ms=self._default_deadline_ms)

    async def _send_error(self, send: Send, error: ErrorResponse) -> None:
        self._metrics.record_error(error.status_code)
        await send_error(send, error)


def encode(entries: list[Entry]) -> bytes:
    """A :class:`contracts.lookup_api.lookups.LookupResponse`, joined from the entries' encoded results."""
    now = now_ms()
    return b'{"results":[%b]}' % b",".join([b"%b%d}" % (entry.head, now - entry.created_ms) for entry in entries])
