"""Keys of any kind from somebody's HTTP API: one GET for each key, within one time limit for the whole batch."""

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
from lookup_service.sources.http.json_fields import GarbageError, JsonFields
from lookup_service.sources.http.meaning import meaning_of, wait_s
from lookup_service.sources.http.public_resolver import PublicResolver, is_address, is_public
from lookup_service.sources.http.url_template import UrlTemplate
from lookup_service.sources.protocol import SourceState
from lookup_service.sources.results import SourceResults

_CHUNK = 65_536

Positive = Annotated[int, Meta(ge=1)]

log = structlog.get_logger(__name__)


class HttpApiOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    kind: Kind
    name: str
    url: SecretUrl
    """With ``{key}`` in its path or query; the key is percent-encoded."""
    fields: dict[str, str]
    """The contract's field → the dotted path to it in the answer."""
    headers: dict[str, Secret] = {}
    timeout_ms: Positive = 500
    """From a batch's start to its last answer, waiting included."""
    requests_per_second: Annotated[float, Meta(gt=0)] = 100.0
    burst: Positive = 50
    concurrency: Positive = 8
    most_bytes: Positive = 262_144
    """A longer answer is an error."""
    breaker_failures: Positive = 5
    breaker_open_s: Annotated[float, Meta(gt=0)] = 10.0
    allow_private: bool = False
    """Also call a host with a private or loopback address."""
    check_key: str | None = None
    """Asked for by ``check``, known or not; without it ``check`` says what the latest requests showed."""


Down = Literal["down"]
"""No answer for a reason that lies with the API, and not with the key."""


class HttpApi:
    """Redirects are not followed, cookies not kept, proxies of the environment not used."""

    data_version = None

    def __init__(self, options: HttpApiOptions) -> None:
        """Raises ValueError where the options do not go together."""
        self.kind: Kind = options.kind
        self.name = options.name
        self._options = options
        self._template = UrlTemplate(options.url.reveal())
        if is_address(self._template.host) and not (options.allow_private or is_public(self._template.host)):
            raise ValueError("url: not a public address; allow_private = true allows it")
        self._headers = _headers({name: value.reveal() for name, value in options.headers.items()})
        self._fields = JsonFields(options.kind, options.fields)
        self._answers = SourceResults(options.kind, options.name)
        self._timeout_s = options.timeout_ms / 1000
        self._bucket = TokenBucket(per_second=options.requests_per_second, burst=options.burst)
        self._breaker = CircuitBreaker(options.breaker_failures, options.breaker_open_s)
        self._not_before = 0.0
        """As the API asked, by ``Retry-After``."""
        self._slots = asyncio.Semaphore(options.concurrency)
        self._session: aiohttp.ClientSession | None = None
        self._was_up = True

    async def lookup(self, keys: Sequence[str]) -> list[LookupResult]:
        until = time.monotonic() + self._timeout_s
        distinct = list(dict.fromkeys(keys))
        answers = await asyncio.gather(*(self._answer(key, until) for key in distinct))
        found = dict(zip(distinct, answers, strict=True))
        return [self._answers.error if (answer := found[key]) == "down" else answer for key in keys]

    async def check(self) -> SourceState:
        if self._options.check_key is not None:
            result = await self._answer(self._options.check_key, time.monotonic() + self._timeout_s)
            if result == "down" or result.status == "error":  # refused or unreadable: an expired token, another API
                return SourceState(state="unreachable")
            return SourceState(state="timeout" if result.status == "timeout" else "ok")
        now = time.monotonic()
        is_up = self._breaker.state(now) == "closed" and now >= self._not_before
        return SourceState(state="ok" if is_up else "unreachable")

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _answer(self, key: str, until: float) -> LookupResult | Down:
        url = self._template.url_for(key)
        if url is None:
            return self._answers.missing
        try:
            async with asyncio.timeout(until - time.monotonic()), self._slots:
                # Asked of the breaker last, so that an open one empties the queue at once.
                wait = self._bucket.take(time.monotonic(), most_wait_s=until - time.monotonic())
                if wait is None:
                    return self._answers.timeout
                await asyncio.sleep(wait)
                now = time.monotonic()
                if now < self._not_before or not self._breaker.allow(now):
                    return "down"
                return await self._ask(url, until)
        except TimeoutError:
            return self._answers.timeout

    async def _ask(self, url: str, until: float) -> LookupResult | Down:
        try:
            answer = await self._get(url)
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):
            answer = "refused"
        except (aiohttp.ClientError, HttpProcessingError, OSError):
            answer = "down"
        except asyncio.CancelledError:
            # An impatient caller says nothing of the API, the time limit does; and a probe must not stay under way.
            now = time.monotonic()
            if now >= until or self._breaker.state(now) != "closed":
                self._breaker.failed(now)
                self._note()
            raise
        except Exception as error:  # a bug is one key's, and a probe must not stay under way
            self._breaker.succeeded()
            return self._answers.refused(type(error).__name__)
        if answer == "down":
            self._breaker.failed(time.monotonic())
            self._note()
            return answer
        self._breaker.succeeded()
        self._note()
        if answer == "refused":
            return self._answers.refused("the API refuses the key, or gives no record")
        return self._answers.missing if answer == "missing" else self._read(answer)

    def _read(self, body: bytes) -> LookupResult:
        try:
            return self._answers.of(self._fields.read(body))
        except GarbageError:
            return self._answers.refused("no JSON, or a value outside the contract")

    async def _get(self, url: str) -> bytes | Literal["missing", "refused", "down"]:
        """The body of a record, or what there is instead."""
        async with self._opened().get(URL(url, encoded=True), allow_redirects=False) as response:
            meaning = meaning_of(response.status)
            if meaning == "down":
                wait = wait_s(response.headers.get("Retry-After"), now=datetime.now(UTC))
                self._not_before = max(self._not_before, time.monotonic() + wait)
            if meaning != "record":
                return meaning
            body = bytearray()
            async for chunk in response.content.iter_chunked(_CHUNK):
                body += chunk
                if len(body) > self._options.most_bytes:
                    return "refused"
            return bytes(body)

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self._options.concurrency,
                    resolver=None if self._options.allow_private else PublicResolver(),
                ),
                headers=self._headers,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),  # the batch has one
                auto_decompress=False,  # what is asked for is what is measured against the limit
            )
        return self._session

    def _note(self) -> None:
        """Log changes only: an outage is two lines, not one per request."""
        is_up = self._breaker.state(time.monotonic()) == "closed"
        if is_up != self._was_up:
            (log.info if is_up else log.warning)("http_api_up" if is_up else "http_api_down", source=self.name)
        self._was_up = is_up


def _headers(given: Mapping[str, str]) -> dict[str, str]:
    for name, value in given.items():
        if not name.isascii() or not name.replace("-", "").replace("_", "").isalnum() or not value.isprintable():
            raise ValueError("headers: a name or a value that HTTP does not allow")
    return {"Accept": "application/json", "Accept-Encoding": "identity", **given}


def open_http_api(options: HttpApiOptions) -> HttpApi:
    """Raises ValueError. The API itself may be down."""
    return HttpApi(options)
