"""A request that is not answered, and how that is said."""

import msgspec
from starlette.types import Send

JSON = (b"content-type", b"application/json")
ROOT = "$"
"""Names the body as a whole where no field is at fault."""
CLOSING = frozenset({400, 401, 408, 413, 429})
"""Refusals that may be sent before the body was read: the connection cannot be used again."""

_encode = msgspec.json.Encoder().encode


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """``error`` shows no value of the request; ``field`` is the path of the field at fault."""

    status_code: int
    error: str
    field: str = ROOT
    retry_after_s: int | None = None

    @property
    def body(self) -> bytes:
        return _encode({"error": self.error, "field": self.field})

    @property
    def headers(self) -> dict[str, str]:
        headers = {"connection": "close"} if self.status_code in CLOSING else {}
        return headers if self.retry_after_s is None else headers | {"retry-after": str(self.retry_after_s)}


async def send_json(send: Send, body: bytes, *, status: int = 200, headers: dict[str, str] | None = None) -> None:
    """The whole response, past every framework."""
    lines = [JSON, (b"content-length", b"%d" % len(body))]
    if headers:
        lines += [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})


async def send_refusal(send: Send, refusal: Refusal) -> None:
    await send_json(send, refusal.body, status=refusal.status_code, headers=refusal.headers)
