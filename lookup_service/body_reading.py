"""Reads a request's body: bounded in size and in time."""

import asyncio
from collections.abc import Iterable

from starlette.types import Receive

from lookup_service.refusal import Refusal

NOT_IN_TIME = Refusal(status_code=408, error="the body did not come in time", field="$")
GONE = Refusal(status_code=400, error="the client went away", field="$")


async def read_body(
    headers: Iterable[tuple[bytes, bytes]], receive: Receive, *, max_bytes: int, timeout_s: float
) -> bytes | Refusal:
    """A body that says it is too large is refused unread."""
    too_large = Refusal(status_code=413, error=f"more than {max_bytes} bytes", field="$")
    for name, value in headers:
        if name == b"content-length" and value.isdigit() and int(value[:20]) > max_bytes:
            return too_large
    body = b""
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return GONE
                part: bytes = message.get("body", b"")
                body = body + part if body else part
                if len(body) > max_bytes:
                    return too_large
                if not message.get("more_body", False):
                    return body
    except TimeoutError:
        return NOT_IN_TIME
