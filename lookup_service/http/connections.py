"""uvicorn's connections with limits on the number of connections and on the time and size of request line and headers.

uvicorn reads headers of any size for any time, and keeps a response in memory until the client reads it. These limits
protect the service from clients that send without end or do not read, before any API key is checked.
"""

import asyncio
from collections.abc import Iterable
from typing import Any, ClassVar, cast

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from lookup_service.http.error_response import PROBLEM, ErrorResponse
from lookup_service.settings import Settings

MAX_PIPELINED = 16
"""Requests that one connection may send before their responses."""
EVICTION_DIVISOR = 16
"""One sixteenth of the idle connections is closed at once for new ones, because finding them scans all connections."""
MAX_CHUNKS = 2048
"""Chunks of a body in one read of up to 256 KB: each takes time to parse, however small it is."""
MIN_READ_BYTES = 64 * 1024
"""Bytes of a response that a client must read within the time limit for a request."""
MALFORMED = ErrorResponse(status_code=400, error="not HTTP/1.1")
HEADER_TIMEOUT = ErrorResponse(status_code=408, error="the request did not arrive in time", field="headers")
CHUNKS_TOO_SMALL = ErrorResponse(status_code=413, error="too many chunks of a few bytes in the body")
HEADERS_TOO_LARGE = ErrorResponse(status_code=431, error="too many or too large headers", field="headers")
TOO_MANY_CONNECTIONS = ErrorResponse(status_code=503, error="too many connections", field="connection", retry_after_s=1)


class _ParserStopped(Exception):
    """Stops the parser; ``_parse_error`` has the reason."""


class HeaderTimeoutProtocol(HttpToolsProtocol):
    """Adds the limits to uvicorn's protocol; one object per connection."""

    request_timeout_s: ClassVar[float] = 5.0
    max_header_bytes: ClassVar[int] = 32 * 1024
    max_headers: ClassVar[int] = 100
    max_connections: ClassVar[int] = 512
    """Per process. All four are set once, before the server starts."""
    _request_timer: asyncio.TimerHandle | None = None
    """Runs while the connection waits for a request's headers."""
    _write_timer: asyncio.TimerHandle | None = None
    """Runs while a response waits for the client to read it."""
    _active_cycle: RequestResponseCycle | None = None
    _has_request_begun = False
    _chunks = 0
    """Chunks of the body in the current read."""
    _unparsed_bytes = 0
    """Bytes received since the parser last completed headers or delivered a part of a body."""
    _parse_error: ErrorResponse | None = MALFORMED
    """The response when the parser stops; None to close without a response."""

    @classmethod
    def configure(cls, settings: Settings) -> None:
        cls.request_timeout_s = settings.body_timeout_ms / 1000
        cls.max_header_bytes = settings.max_header_bytes
        cls.max_headers = settings.max_headers
        cls.max_connections = settings.max_connections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.max_connections and not _evict_idle(self._others()):
            self.connections.discard(self)
            self._reject(TOO_MANY_CONNECTIONS)
        else:
            self._start_request_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_request_timer()
        if self._write_timer is not None:
            self._write_timer.cancel()
        if self._active_cycle is not None and not self._active_cycle.response_complete:
            # uvicorn notifies only the last pipelined request, which may still wait behind this one.
            self._active_cycle.disconnected = True
            self._active_cycle.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self._unset_keepalive_if_required()
        self._unparsed_bytes += len(data)
        self._chunks = 0
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # the request is handled as if it had not asked for an upgrade
        except httptools.HttpParserError:
            self._reject(self._parse_error)
            return
        if self._unparsed_bytes > self.max_header_bytes:
            self._reject(HEADERS_TOO_LARGE)  # endless headers, request line, chunk extension or trailers
        elif self._request_timer is None and self.is_idle:
            self._start_request_timer()  # only blank lines arrived, so the connection still waits for a request

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._has_request_begun = True
        if self._request_timer is None:
            self._start_request_timer()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Uvicorn's implementation, with a limit on the number of headers."""
        if len(self.headers) >= self.max_headers:
            self._parse_error = HEADERS_TOO_LARGE
            raise _ParserStopped
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self._unparsed_bytes > self.max_header_bytes and self._header_bytes() > self.max_header_bytes:
            self._parse_error = HEADERS_TOO_LARGE
            raise _ParserStopped
        if len(self.pipeline) >= MAX_PIPELINED:
            self._parse_error = None
            raise _ParserStopped
        self._unparsed_bytes = 0
        self._stop_request_timer()
        super().on_headers_complete()
        self.headers = []  # a new list for the trailers: they are counted but must not become headers of the request

    def on_body(self, body: bytes) -> None:
        self._unparsed_bytes = 0
        self._chunks += 1
        if self._chunks > MAX_CHUNKS:
            self._parse_error = CHUNKS_TOO_SMALL
            raise _ParserStopped
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._unparsed_bytes = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.response_complete and self.cycle.more_body:
            self.transport.close()  # the response was sent before the end of the body, which could be endless
        if self._write_timer is None and self.transport.get_write_buffer_size():
            self._start_write_timer()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._active_cycle = cycle
        super()._start_asgi_task(cycle, app)

    @property
    def is_idle(self) -> bool:
        """Whether no request is in progress and the connection is not closing."""
        cycle = cast("RequestResponseCycle | None", self.cycle)  # None before the first request
        return (cycle is None or cycle.response_complete) and not self.transport.is_closing()

    @property
    def idle_order(self) -> tuple[bool, float]:
        """Sort key for eviction: first those that wait for a request, longest first, then the longest unused ones."""
        if self._request_timer is not None:
            return False, self._request_timer.when()
        return True, self.timeout_keep_alive_task.when() if self.timeout_keep_alive_task is not None else 0.0

    def send_400_response(self, msg: str) -> None:
        self._reject(MALFORMED)

    def _others(self) -> "list[HeaderTimeoutProtocol]":
        return [each for each in cast("set[HeaderTimeoutProtocol]", self.connections) if each is not self]

    def _header_bytes(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    def _start_request_timer(self) -> None:
        self._request_timer = self.loop.call_later(self.request_timeout_s, self._on_request_timeout)

    def _stop_request_timer(self) -> None:
        if self._request_timer is not None:
            self._request_timer.cancel()
            self._request_timer = None

    def _on_request_timeout(self) -> None:
        self._request_timer = None
        if self.transport.is_closing():
            return
        if not self.is_idle:
            self._start_request_timer()  # a pipelined request has begun before the response to the first one
        elif self._has_request_begun:
            self._reject(HEADER_TIMEOUT)
        else:
            self.transport.close()  # without a request the client expects no response

    def _start_write_timer(self) -> None:
        unsent = self.transport.get_write_buffer_size()
        self._write_timer = self.loop.call_later(self.request_timeout_s, self._check_write_progress, unsent)

    def _check_write_progress(self, unsent_before: int) -> None:
        self._write_timer = None
        unsent = self.transport.get_write_buffer_size()
        if unsent > max(0, unsent_before - MIN_READ_BYTES):
            self.transport.abort()
        elif unsent:
            self._start_write_timer()

    def _reject(self, error: ErrorResponse | None) -> None:
        """Closes the connection. Sends the error first, unless the client still expects an earlier response."""
        if self.transport.is_closing():
            return
        cycle = cast("RequestResponseCycle | None", self.cycle)
        is_next = cycle is None or cycle.response_complete or (cycle.more_body and not cycle.response_started)
        if error is not None and is_next and not self.pipeline:
            self.transport.write(_encode(error))
        self._stop_request_timer()
        self.transport.close()


def _evict_idle(connections: Iterable[HeaderTimeoutProtocol]) -> bool:
    """Closes some idle connections and removes them from the set at once. False if none is idle."""
    idle = sorted((each for each in connections if each.is_idle), key=lambda each: each.idle_order)
    evicted = idle[: max(1, len(idle) // EVICTION_DIVISOR)]
    for each in evicted:
        each.connections.discard(each)
        each.transport.close()
    return bool(evicted)


def _encode(error: ErrorResponse) -> bytes:
    body = error.body
    headers: dict[str, Any] = {**error.headers, "connection": "close", "content-length": len(body)}
    lines = b"".join(f"{name}: {value}\r\n".encode() for name, value in headers.items())
    return STATUS_LINE[error.status_code] + b": ".join(PROBLEM) + b"\r\n" + lines + b"\r\n" + body
