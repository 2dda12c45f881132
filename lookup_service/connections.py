"""uvicorn's connections, with a limit to how long a request's headers may take."""

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle


class PatientProtocol(HttpToolsProtocol):
    """uvicorn waits for ever for the first request of a connection, and for the rest of headers that have begun."""

    header_timeout_s: ClassVar[float] = 5.0
    """Of the process; set once, before the server starts."""
    _waiting: asyncio.TimerHandle | None = None
    _has_begun = False
    """Whether anything of a request has come."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._has_begun = True
        if self._waiting is None:
            self._wait()

    def on_headers_complete(self) -> None:
        self._stop_waiting()
        super().on_headers_complete()

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(self.header_timeout_s, self._give_up)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _is_answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # None before the first request
        return cycle is not None and not cycle.response_complete

    def _give_up(self) -> None:
        self._waiting = None
        if self._is_answering():
            self._wait()  # a second request has begun before the first is answered
        elif not self.transport.is_closing():
            if self._has_begun:  # else nobody waits for an answer
                self.transport.write(STATUS_LINE[408] + b"content-length: 0\r\nconnection: close\r\n\r\n")
            self.transport.close()
