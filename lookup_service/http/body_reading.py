"""Reads requests' bodies: each bounded in size and in time, all of them together in memory."""

import asyncio

from starlette.types import Receive

from lookup_service.http.error_response import ErrorResponse

NOT_IN_TIME = ErrorResponse(status_code=408, error="the body did not come in time")
GONE = ErrorResponse(status_code=400, error="the client went away")
FULL = ErrorResponse(status_code=429, error="the bodies under way take all memory that is for them", retry_after_s=1)
SMALL_BYTES = 64 * 1024
"""A body up to this size, as nearly all are, may use the last quarter of the memory, which large ones may not."""


class BodyReader:
    """Counts the bytes of all bodies that are being read or answered."""

    def __init__(self, *, max_bytes: int, timeout_s: float, memory_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s
        self._left = memory_bytes
        self._for_small = memory_bytes // 4
        self._too_large = ErrorResponse(status_code=413, error=f"more than {max_bytes} bytes")

    async def read(self, declared: bytes | None, receive: Receive) -> bytes | ErrorResponse:
        """``declared``: the header ``content-length``, by which what is too large is refused unread.

        A body that is returned counts until it is given to :meth:`release`.
        """
        refusal = self._check(declared)
        if refusal is not None:
            return refusal
        body: bytes | bytearray = b""
        held = 0
        is_kept = False
        try:
            async with asyncio.timeout(self._timeout_s):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return GONE
                    part: bytes = message.get("body", b"")
                    if len(body) + len(part) > self._max_bytes:
                        return self._too_large
                    if not self._has_room(held, len(part)):
                        return FULL
                    held += len(part)
                    self._left -= len(part)
                    if message.get("more_body", False):
                        body = body or bytearray()
                        body += part  # a bytearray's, in place
                    else:
                        is_kept = True
                        return bytes(body + part) if body else part
        except TimeoutError:
            return NOT_IN_TIME
        finally:
            if not is_kept:
                self._left += held

    @property
    def free_bytes(self) -> int:
        return self._left

    def release(self, body: bytes) -> None:
        self._left += len(body)

    def _check(self, declared: bytes | None) -> ErrorResponse | None:
        if declared is None or not declared.isdigit():
            return None
        length = int(declared[:20])
        if length > self._max_bytes:
            return self._too_large
        return None if self._has_room(0, length) else FULL

    def _has_room(self, held: int, more: int) -> bool:
        return self._left - more >= (0 if held + more <= SMALL_BYTES else self._for_small)
