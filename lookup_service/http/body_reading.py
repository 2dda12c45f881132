"""Reads request bodies: each is limited in size and time, all bodies together in memory."""

import asyncio

from starlette.types import Receive

from lookup_service.http.error_response import ErrorResponse

BODY_TIMEOUT = ErrorResponse(status_code=408, error="the body did not arrive in time")
CLIENT_DISCONNECTED = ErrorResponse(status_code=400, error="the client disconnected")
MEMORY_FULL = ErrorResponse(status_code=429, error="the memory for request bodies is full", retry_after_s=1)
SMALL_BYTES = 64 * 1024
"""The last quarter of the memory is reserved for bodies up to this size, as nearly all are."""


class BodyReader:
    """Counts the bytes of all bodies that are being received or processed."""

    def __init__(self, *, max_bytes: int, timeout_s: float, memory_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s
        self._free_bytes = memory_bytes
        self._reserved_for_small = memory_bytes // 4
        self._too_large = ErrorResponse(status_code=413, error=f"more than {max_bytes} bytes")

    async def read(self, content_length: bytes | None, receive: Receive) -> bytes | ErrorResponse:
        """Reads the body; rejects it unread if the header ``content-length`` is already too large.

        The bytes of a returned body count until it is passed to :meth:`release`.
        """
        error = self._check(content_length)
        if error is not None:
            return error
        body: bytes | bytearray = b""
        held = 0
        is_returned = False
        try:
            async with asyncio.timeout(self._timeout_s):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return CLIENT_DISCONNECTED
                    part: bytes = message.get("body", b"")
                    if len(body) + len(part) > self._max_bytes:
                        return self._too_large
                    if not self._has_room(held, len(part)):
                        return MEMORY_FULL
                    held += len(part)
                    self._free_bytes -= len(part)
                    if message.get("more_body", False):
                        body = body or bytearray()
                        body += part  # extends the bytearray in place
                    else:
                        is_returned = True
                        return bytes(body + part) if body else part
        except TimeoutError:
            return BODY_TIMEOUT
        finally:
            if not is_returned:
                self._free_bytes += held

    @property
    def free_bytes(self) -> int:
        return self._free_bytes

    def release(self, body: bytes) -> None:
        self._free_bytes += len(body)

    def _check(self, content_length: bytes | None) -> ErrorResponse | None:
        if content_length is None or not content_length.isdigit():
            return None
        length = int(content_length[:20])
        if length > self._max_bytes:
            return self._too_large
        return None if self._has_room(0, length) else MEMORY_FULL

    def _has_room(self, held: int, more: int) -> bool:
        return self._free_bytes - more >= (0 if held + more <= SMALL_BYTES else self._reserved_for_small)
