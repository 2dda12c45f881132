"""Source for keys of any kind: an HTTP API, one GET per key, within one time limit for the whole batch."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal

import aiohttp
import msgspec
import structlog
from aiohttp.http_exceptions import HttpProcessingError
from msgspec import Meta
from yarl import URL

from common.resilience.circuit_breaker import CircuitBreaker
from common.resilience.token_bucket import TokenBucket
from common.secret import Secret, SecretUrl
from contracts.lookup_api.lookups import Kind, LookupResult
from lookup_service.sources.http.json_fields import InvalidDocumentError, JsonFields
from lookup_service.sources.http.public_resolver import PublicResolver, is_address, is_public
from lookup_service.sources.http.response_outcome import outcome_of, retry_after_s
from lookup_service.sources.http.url_template import UrlTemplate
from lookup_service.sources.protocol import SourceState
from lookup_service.sources.results import SourceResults

_CHUNK_BYTES = 65_536

Positive = Annotated[int, Meta(ge=1)]

log = structlog.get_logger(__name__)


class HttpApiOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    kind: Kind
    name: str
    url: SecretUrl
    """With ``{key}`` in its path or query; the key is percent-encoded."""
    fields: dict[str, str]
    """The contract's field → the dotted path to it in the response."""
    headers: dict[str, Secret] = {}
    timeout_ms: Positive = 500
    """From the start of a batch to its last response, waiting included."""
    requests_per_second: Annotated[float, Meta(gt=0)] = 100.0
    burst: Positive = 50
    concurrency: Positive = 8
    most_bytes: Positive = 262_144
    """A longer response is an error."""
    breaker_failures: Positive = 5
    breaker_open_s: Annotated[float, Meta(gt=0)] = 10.0
    allow_private: bool = False
    """Also call a host with a private or loopback address."""
    check_key: str | None = None
    """The key that ``check`` requests; it need not exist. Without it ``check`` reports the state of the breaker."""


Down = Literal["down"]
"""The request failed because of the API, not because of the key."""


class HttpApi:
    """Does not follow redirects, keep cookies or use the proxies of the environment."""

    data_version = None

    def __init__(self, options: HttpApiOptions) -> None:
        """Raises ValueError for options that contradict each other."""
        self.kind: Kind = options.kind
        self.name = options.name
        self._options = options
        self._template = UrlTemplate(options.url.reveal())
        if is_address(self._template.host) and not (options.allow_private or is_public(self._template.host)):
            raise ValueError("url: not a public address; allow_private = true allows it")
        self._headers = _headers({name: value.reveal() for name, value in options.headers.items()})
        self._fields = JsonFields(options.kind, options.fields)
        self._results = SourceResults(options.kind, options.name)
        self._timeout_s = options.timeout_ms / 1000
        self._bucket = TokenBucket(per_second=options.requests_per_second, burst=options.burst)
        self._breaker = CircuitBreaker(options.breaker_failures, options.breaker_open_s)
        self._retry_at = 0.0
        """From the API's ``Retry-After``, on the monotonic clock."""
        self._slots = asyncio.Semaphore(options.concurrency)
        self._session: aiohttp.ClientSession | None = None
        self._was_up = True

    async def lookup(self, keys: Sequence[str]) -> list[LookupResult]:
        until = time.monotonic() + self._timeout_s
        distinct = list(dict.fromkeys(keys))
        results = await asyncio.gather(*(self._lookup_one(key, until) for key in distinct))
        found = dict(zip(distinct, results, strict=True))
        return [self._results.error if (result := found[key]) == "down" else result for key in keys]

    async def check(self) -> SourceState:
        if self._options.check_key is not None:
            result = await self._lookup_one(self._options.check_key, time.monotonic() + self._timeout_s)
            if result == "down" or result.status == "error":  # an expired token, for example, or a wrong API
                return SourceState(state="unreachable")
            return SourceState(state="timeout" if result.status == "timeout" else "ok")
        now = time.monotonic()
        is_up = self._breaker.state(now) == "closed" and now >= self._retry_at
        return SourceState(state="ok" if is_up else "unreachable")

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _lookup_one(self, key: str, until: float) -> LookupResult | Down:
        url = self._template.url_for(key)
        if url is None:
            return self._results.missing
        try:
            async with asyncio.timeout(until - time.monotonic()), self._slots:
                # The breaker is checked last, after the wait, so that an open breaker empties the queue at once.
                wait = self._bucket.take(time.monotonic(), most_wait_s=until - time.monotonic())
                if wait is None:
                    return self._results.timeout
                await asyncio.sleep(wait)
                now = time.monotonic()
                if now < self._retry_at or not self._breaker.allow(now):
                    return "down"
                return await self._request(url, until)
        except TimeoutError:
            return self._results.timeout

    async def _request(self, url: str, until: float) -> LookupResult | Down:
        try:
            response = await self._get(url)
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):
            response = "refused"
        except (aiohttp.ClientError, HttpProcessingError, OSError):
            response = "down"
        except asyncio.CancelledError:
            # A caller that gives up early is no evidence against the API; the batch's time limit is. A half-open
            # breaker needs an outcome in either case, or its probe would never end.
            now = time.monotonic()
            if now >= until or self._breaker.state(now) != "closed":
                self._breaker.failed(now)
                self._log_change()
            raise
        except Exception as error:  # a bug concerns this key only; the breaker's probe still needs an outcome
            self._breaker.succeeded()
            return self._results.record_error(type(error).__name__)
        if response == "down":
            self._breaker.failed(time.monotonic())
            self._log_change()
            return response
        self._breaker.succeeded()
        self._log_change()
        if response == "refused":
            return self._results.record_error("the API rejects the key or returns no record")
        return self._results.missing if response == "missing" else self._read(response)

    def _read(self, body: bytes) -> LookupResult:
        try:
            return self._results.for_value(self._fields.read(body))
        except InvalidDocumentError:
            return self._results.record_error("not JSON, or a value outside the contract")

    async def _get(self, url: str) -> bytes | Literal["missing", "refused", "down"]:
        """The body of a record, or the outcome of a response without one."""
        async with self._get_session().get(URL(url, encoded=True), allow_redirects=False) as response:
            outcome = outcome_of(response.status)
            if outcome == "down":
                wait = retry_after_s(response.headers.get("Retry-After"), now=datetime.now(UTC))
                self._retry_at = max(self._retry_at, time.monotonic() + wait)
            if outcome != "record":
                return outcome
            body = bytearray()
            async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
                body += chunk
                if len(body) > self._options.most_bytes:
                    return "refused"
            return bytes(body)

    def _get_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self._options.concurrency,
                    resolver=None if self._options.allow_private else PublicResolver(),
                ),
                headers=self._headers,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),  # the batch has its own time limit
                auto_decompress=False,  # most_bytes limits what is received
            )
        return self._session

    def _log_change(self) -> None:
        """Logs changes only: an outage is two lines, not one per request."""
        is_up = self._breaker.state(time.monotonic()) == "closed"
        if is_up != self._was_up:
            (log.info if is_up else log.warning)("http_api_up" if is_up else "http_api_down", source=self.name)
        self._was_up = is_up


def _headers(configured: Mapping[str, str]) -> dict[str, str]:
    for name, value in configured.items():
        if not name.isascii() or not name.replace("-", "").replace("_", "").isalnum() or not value.isprintable():
            raise ValueError("headers: a name or a value that HTTP does not allow")
    return {"Accept": "application/json", "Accept-Encoding": "identity", **configured}


def open_http_api(options: HttpApiOptions) -> HttpApi:
    """Raises ValueError. Does not connect, so the API may be down."""
    return HttpApi(options)
