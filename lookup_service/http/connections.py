"""uvicorn's connections with limits: how long and how large what comes before a body may be, how many there are.

What a client sends without end, or does not fetch, costs others nothing: it is refused at its limit. Nobody has shown
a key yet at that point.
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
"""Requests that one connection may send ahead of their answers."""
EVICTED_SHARE = 16
"""One in so many idle connections makes room for new ones at once: finding them costs a look at all."""
MAX_PIECES = 2048
"""Chunks of a body in one read of up to 256 KB: each costs time, however small it is."""
LEAST_FETCHED = 64 * 1024
"""Bytes of an answer that a client has to fetch within the time that it has for a request."""
MALFORMED = ErrorResponse(status_code=400, error="not HTTP/1.1")
TOO_SLOW = ErrorResponse(status_code=408, error="the request did not come in time", field="headers")
TOO_FINE = ErrorResponse(status_code=413, error="a body in chunks of a few bytes")
TOO_LARGE = ErrorResponse(status_code=431, error="more or larger headers than are read", field="headers")
FULL = ErrorResponse(status_code=503, error="too many connections", field="connection", retry_after_s=1)


class _Refused(Exception):
    """Stops the parser; the protocol knows why."""


class HeaderTimeoutProtocol(HttpToolsProtocol):
    """uvicorn reads headers of any size for any time, and waits for ever for whoever does not fetch an answer."""

    wait_s: ClassVar[float] = 5.0
    max_header_bytes: ClassVar[int] = 32 * 1024
    max_headers: ClassVar[int] = 100
    max_connections: ClassVar[int] = 512
    """Of the process; set once, before the server starts."""
    _waiting: asyncio.TimerHandle | None = None
    _unfetched: asyncio.TimerHandle | None = None
    _served: RequestResponseCycle | None = None
    _has_begun = False
    """Whether anything of a request has come."""
    _pieces = 0
    """Of the body, in what is being read."""
    _silent = 0
    """Bytes that came since the parser last completed headers, or gave something of a body."""
    _refusal: ErrorResponse | None = MALFORMED
    """What the parser's end means; None: not even an answer."""

    @classmethod
    def limit(cls, settings: Settings) -> None:
        cls.wait_s = settings.body_timeout_ms / 1000
        cls.max_header_bytes = settings.max_header_bytes
        cls.max_headers = settings.max_headers
        cls.max_connections = settings.max_connections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.max_connections and not _make_room(self._others()):
            self.connections.discard(self)
            self._refuse(FULL)
        else:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        if self._unfetched is not None:
            self._unfetched.cancel()
        if self._served is not None and not self._served.response_complete:
            self._served.disconnected = True  # uvicorn tells the last request only, which may wait behind this one
            self._served.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self._unset_keepalive_if_required()
        self._silent += len(data)
        self._pieces = 0
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # it is answered as if it had not asked for that
        except httptools.HttpParserError:
            self._refuse(self._refusal)
            return
        if self._silent > self.max_header_bytes:
            self._refuse(TOO_LARGE)  # headers, a line, a chunk's extension, trailers: whatever has no end
        elif self._waiting is None and self.is_idle:
            self._wait()  # for a request: what came was blank lines

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._has_begun = True
        if self._waiting is None:
            self._wait()

    def on_header(self, name: bytes, value: bytes) -> None:
        """uvicorn's, with a limit to the number."""
        if len(self.headers) >= self.max_headers:
            self._refusal = TOO_LARGE
            raise _Refused
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self._silent > self.max_header_bytes and self._header_bytes() > self.max_header_bytes:
            self._refusal = TOO_LARGE
            raise _Refused
        if len(self.pipeline) >= MAX_PIPELINED:
            self._refusal = None
            raise _Refused
        self._silent = 0
        self._stop_waiting()
        super().on_headers_complete()
        self.headers = []  # the request has its own: a body's trailers are counted, and not among its headers

    def on_body(self, body: bytes) -> None:
        self._silent = 0
        self._pieces += 1
        if self._pieces > MAX_PIECES:
            self._refusal = TOO_FINE
            raise _Refused
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._silent = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.response_complete and self.cycle.more_body:
            self.transport.close()  # answered without its body, which could go on for ever
        if self._unfetched is None and self.transport.get_write_buffer_size():
            self._expect_fetching()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._served = cycle
        super()._start_asgi_task(cycle, app)

    @property
    def is_idle(self) -> bool:
        """Neither has a request whose answer is under way nor is being closed."""
        cycle = cast("RequestResponseCycle | None", self.cycle)  # None before the first request
        return (cycle is None or cycle.response_complete) and not self.transport.is_closing()

    @property
    def idle_order(self) -> tuple[bool, float]:
        """Least for the one to be closed first: without a request for longest, then unused for longest."""
        if self._waiting is not None:
            return False, self._waiting.when()
        return True, self.timeout_keep_alive_task.when() if self.timeout_keep_alive_task is not None else 0.0

    def send_400_response(self, msg: str) -> None:
        self._refuse(MALFORMED)

    def _others(self) -> "list[HeaderTimeoutProtocol]":
        return [each for each in cast("set[HeaderTimeoutProtocol]", self.connections) if each is not self]

    def _header_bytes(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(self.wait_s, self._give_up)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        self._waiting = None
        if self.transport.is_closing():
            return
        if not self.is_idle:
            self._wait()  # a second request has begun before the first is answered
        elif self._has_begun:
            self._refuse(TOO_SLOW)
        else:
            self.transport.close()  # nobody waits for an answer

    def _expect_fetching(self) -> None:
        unsent = self.transport.get_write_buffer_size()
        self._unfetched = self.loop.call_later(self.wait_s, self._check_fetching, unsent)

    def _check_fetching(self, unsent_before: int) -> None:
        self._unfetched = None
        unsent = self.transport.get_write_buffer_size()
        if unsent > max(0, unsent_before - LEAST_FETCHED):
            self.transport.abort()
        elif unsent:
            self._expect_fetching()

    def _refuse(self, refusal: ErrorResponse | None) -> None:
        """Answer, unless an answer to something before is awaited, and close."""
        if self.transport.is_closing():
            return
        cycle = cast("RequestResponseCycle | None", self.cycle)
        is_next = cycle is None or cycle.response_complete or (cycle.more_body and not cycle.response_started)
        if refusal is not None and is_next and not self.pipeline:
            self.transport.write(_encoded(refusal))
        self._stop_waiting()
        self.transport.close()


def _make_room(connections: Iterable[HeaderTimeoutProtocol]) -> bool:
    """Close some that are idle; the set of all forgets them at once."""
    idle = sorted((each for each in connections if each.is_idle), key=lambda each: each.idle_order)
    evicted = idle[: max(1, len(idle) // EVICTED_SHARE)]
    for each in evicted:
        each.connections.discard(each)
        each.transport.close()
    return bool(evicted)


def _encoded(refusal: ErrorResponse) -> bytes:
    body = refusal.body
    headers: dict[str, Any] = {**refusal.headers, "connection": "close", "content-length": len(body)}
    lines = b"".join(f"{name}: {value}\r\n".encode() for name, value in headers.items())
    return STATUS_LINE[refusal.status_code] + b": ".join(PROBLEM) + b"\r\n" + lines + b"\r\n" + body
