"""The lookup service's HTTP client: one batch of keys in, one result per key out, or a failure as a value."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from types import TracebackType

import aiohttp
from tenacity import (
    AsyncRetrying,
    RetryError,
    retry_if_exception_type,
    stop_after_attempt,
    stop_before_delay,
    wait_random_exponential,
)

from contracts.lookup_api.lookups import (
    API_KEY_HEADER,
    DEADLINE_HEADER,
    MAX_KEYS,
    MAX_VALUE_BYTES,
    PATH,
    LookupKey,
    LookupResult,
)
from core.lookups.protocols import Failed
from enrichment_job.lookups.wire import read_results, write_request

_MOST_BYTES = MAX_KEYS * (MAX_VALUE_BYTES + 1024)
MORE_HEADERS: ContextVar[Mapping[str, str] | None] = ContextVar("more headers", default=None)
"""Headers for the requests of the current asyncio task."""


class _TryAgainError(Exception):
    """The service answers, and cannot take this request now (5xx, 429)."""


class _TooLongError(Exception):
    """The response is longer than results for :data:`MAX_KEYS` keys can be."""


class LookupClient:
    """Has at most ``connections`` requests under way. To be made and used inside a running event loop."""

    def __init__(self, url: str, *, connections: int, attempts: int, api_key: str = "") -> None:
        self._url = url.rstrip("/") + PATH
        self._headers = {"content-type": "application/json"}
        if api_key:
            self._headers[API_KEY_HEADER] = api_key
        self._attempts = attempts
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=connections, keepalive_timeout=30),
            timeout=aiohttp.ClientTimeout(total=None),  # ``lookup`` has one over all attempts
        )

    async def __aenter__(self) -> "LookupClient":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def lookup(self, keys: Sequence[LookupKey], budget_s: float) -> list[LookupResult] | Failed:
        """Results in the order of the keys, after ``budget_s`` seconds at the latest.

        A lost connection, a 5xx and a 429 are tried again, up to ``attempts`` times in all and within the budget.
        """
        until = time.monotonic() + budget_s
        try:
            body = write_request(keys)
            async with asyncio.timeout(budget_s):
                response = await self._retried(body, until, budget_s)
        except TimeoutError:
            return "timeout"
        except (RetryError, aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, OSError):
            return "error"
        except (aiohttp.ClientError, UnicodeEncodeError, _TooLongError):
            return "refused"
        results = None if response is None else read_results(response)
        return results if results is not None and len(results) == len(keys) else "refused"

    async def _retried(self, body: bytes, until: float, budget_s: float) -> bytes | None:
        retrying = AsyncRetrying(
            stop=stop_after_attempt(self._attempts) | stop_before_delay(budget_s),
            wait=wait_random_exponential(multiplier=0.01, max=0.1),
            retry=retry_if_exception_type((_TryAgainError, aiohttp.ClientConnectionError)),
        )
        async for attempt in retrying:
            with attempt:
                return await self._post(body, until)
        raise AssertionError("there is always a last attempt")

    async def _post(self, body: bytes, until: float) -> bytes | None:
        """The response's body, None where the service refuses the request."""
        left_ms = max(1, int((until - time.monotonic()) * 1000))
        headers = {**self._headers, DEADLINE_HEADER: str(left_ms), **(MORE_HEADERS.get() or {})}
        async with self._session.post(self._url, data=body, headers=headers) as response:
            if response.status == 429 or response.status >= 500:
                raise _TryAgainError
            return await _read(response) if response.status == 200 else None


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise _TooLongError
    return bytes(body)
