"""The lookup service's HTTP client: one batch of keys in, one result per key out, or a failure as a value."""

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from types import TracebackType
from typing import Literal

import aiohttp
import msgspec
from tenacity import AsyncRetrying, RetryError, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from contracts.lookup import (
    API_KEY_HEADER,
    DEADLINE_HEADER,
    PATH,
    LookupKey,
    LookupRequest,
    LookupResponse,
    LookupResult,
)

Failed = Literal["timeout", "error"]
MORE_HEADERS: ContextVar[Mapping[str, str] | None] = ContextVar("more headers", default=None)
"""Of the requests that the task in hand makes."""
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(LookupResponse).decode


class _TryAgainError(Exception):
    """The service is there but cannot take this request now (5xx, 429), or closed a kept-alive connection."""


class LookupClient:
    """Keeps at most ``connections`` requests under way. To be made and used inside a running event loop."""

    def __init__(self, url: str, *, connections: int, timeout_ms: int, attempts: int, api_key: str = "") -> None:
        self._url = url.rstrip("/") + PATH
        self._timeout_s = timeout_ms / 1000
        self._headers = {"content-type": "application/json", DEADLINE_HEADER: str(timeout_ms)}
        if api_key:
            self._headers[API_KEY_HEADER] = api_key
        self._attempts = attempts
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=connections, keepalive_timeout=30),
            timeout=aiohttp.ClientTimeout(total=self._timeout_s),
        )

    async def __aenter__(self) -> "LookupClient":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def lookup(self, keys: Sequence[LookupKey]) -> list[LookupResult] | Failed:
        """Results in the order of the keys. Retries what can be retried while the time allows."""
        body = _encode(LookupRequest(list(keys)))
        more = MORE_HEADERS.get()
        headers = self._headers if more is None else {**self._headers, **more}
        retrying = AsyncRetrying(
            stop=stop_after_attempt(self._attempts),
            wait=wait_random_exponential(multiplier=0.01, max=0.1),
            retry=retry_if_exception_type((_TryAgainError, aiohttp.ClientConnectionError)),
        )
        try:
            async for attempt in retrying:
                with attempt:
                    results = await self._post(body, headers)
                    return results if len(results) == len(keys) else "error"
        except TimeoutError:
            return "timeout"
        except RetryError as error:
            return "timeout" if isinstance(error.last_attempt.exception(), TimeoutError) else "error"
        except (aiohttp.ClientError, msgspec.DecodeError, UnicodeDecodeError):
            return "error"
        return "error"

    async def _post(self, body: bytes, headers: dict[str, str]) -> list[LookupResult]:
        async with self._session.post(self._url, data=body, headers=headers) as response:
            if response.status in (429, 500, 502, 503, 504):
                raise _TryAgainError
            response.raise_for_status()
            return _decode(await response.read()).results
