"""Requests to a server that runs a model: one POST for a batch of rows, with a time limit and a circuit breaker."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import aiohttp
import structlog
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from common.resilience.circuit_breaker import CircuitBreaker
from lookup_service.scoring.runtime import RunFailure

FAILURES: Final = 5
OPEN_S: Final = 5.0
VERIFY_S: Final = 2.0
"""For the test row when a model is loaded: its server may still start."""
MOST_BYTES: Final = 16 * 1024 * 1024
"""A longer answer is refused."""
_CHUNK_BYTES: Final = 65_536
_DOWN: Final = frozenset({408, 424, 429})
"""Besides 5xx: the server answers nobody now. 424 is SageMaker's for a container that failed."""
_ENOUGH: Final = 0.8
"""Share of the model's own deadline: a server that does not answer a caller with less patience is not at fault."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    body: bytes
    media_type: str


class HttpClient:
    """The connections to all servers of models. Follows no redirects, keeps no cookies, uses no proxy."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, limit_per_host=64),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),  # each request has its own
                auto_decompress=False,  # MOST_BYTES limits what is received
            )
        return self._session

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()


class RemoteServer:
    """Of one model."""

    def __init__(self, http: HttpClient, model: str, *, deadline_s: float) -> None:
        """:param deadline_s: the model's own."""
        self._http = http
        self._model = model
        self._enough_s = deadline_s * _ENOUGH
        self._breaker = CircuitBreaker(FAILURES, OPEN_S)
        self._was_up = True

    async def post(self, url: URL, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Answer | RunFailure:
        started = time.monotonic()
        if not self._breaker.allow(started):
            return RunFailure("failed", "the server failed before and is left alone for a while")
        found: Answer | RunFailure = RunFailure("failed", "internal error")
        is_at_fault = True  # also for whoever cancels: a half-open breaker needs an outcome, or its probe never ends
        try:
            async with asyncio.timeout(timeout_s):
                found = await self._post(url, body, headers)
            is_at_fault = isinstance(found, RunFailure) and found.kind == "failed"
        except TimeoutError:
            found = RunFailure("late", "the server takes longer than the deadline")
            is_at_fault = timeout_s >= self._enough_s or self._breaker.state(started) != "closed"
        finally:
            if is_at_fault:
                self._breaker.failed(time.monotonic(), started)
            elif not isinstance(found, RunFailure) or found.kind == "refused":
                self._breaker.succeeded()
            self._log_change()
        return found

    async def _post(self, url: URL, body: bytes, headers: Mapping[str, str]) -> Answer | RunFailure:
        try:
            async with self._http.session.post(url, data=body, headers=headers, allow_redirects=False) as response:
                if response.status >= 500 or response.status in _DOWN:
                    return RunFailure("failed", f"the server answers with {response.status}")
                if response.status != 200:
                    return RunFailure("refused", f"the server answers with {response.status}")
                content = bytearray()
                async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
                    content += chunk
                    if len(content) > MOST_BYTES:
                        return RunFailure("refused", f"the answer is longer than {MOST_BYTES} bytes")
                return Answer(bytes(content), response.content_type)
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):
            return RunFailure("refused", "the address is none that HTTP can ask")
        except (aiohttp.ClientError, HttpProcessingError, OSError) as error:
            return RunFailure("failed", f"the server cannot be asked: {type(error).__name__}")

    def _log_change(self) -> None:
        """Logs changes only: an outage is two lines, not one for each request."""
        is_up = self._breaker.state(time.monotonic()) == "closed"
        if is_up != self._was_up:
            (log.info if is_up else log.warning)("model_up" if is_up else "model_down", model=self._model)
        self._was_up = is_up
