"""Error responses: problem details (RFC 9457), the same for every endpoint."""

from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from starlette.types import Send

from contracts.lookup_api.inference import PATH as PROTOCOL_PATH

JSON = (b"content-type", b"application/json")
PROBLEM_MEDIA_TYPE = "application/problem+json"
PROBLEM = (b"content-type", PROBLEM_MEDIA_TYPE.encode())
ROOT = "$"
"""The ``field`` of an error that concerns the body as a whole."""
CLOSING = frozenset({400, 401, 403, 405, 408, 413, 415, 429})
"""Status codes that may be sent before the body was read, after which the connection cannot be reused."""

_encode = msgspec.json.Encoder().encode


class ErrorResponse(msgspec.Struct, frozen=True, kw_only=True):
    """``error`` shows no value of the request; ``field`` is the path of the invalid field or the name of the header."""

    status_code: int
    error: str
    field: str = ROOT
    retry_after_s: int | None = None
    header: tuple[str, str] | None = None
    """A header that the status requires, such as ``allow``."""
    members: Mapping[str, object] | None = None
    """Additional members of the problem details."""

    @property
    def body(self) -> bytes:
        problem = {"type": "about:blank", "title": title_of(self.status_code), "status": self.status_code}
        return _encode(problem | {"detail": self.error, "field": self.field} | dict(self.members or {}))

    @property
    def headers(self) -> dict[str, str]:
        headers = {"connection": "close"} if self.status_code in CLOSING else {}
        if self.header is not None:
            headers[self.header[0]] = self.header[1]
        return headers if self.retry_after_s is None else headers | {"retry-after": str(self.retry_after_s)}


def for_path(error: ErrorResponse, path: str) -> ErrorResponse:
    """Under the path of the Open Inference Protocol an error also has that protocol's member ``error``, and what is
    wrong with a request is 400.
    """
    if path != PROTOCOL_PATH and not path.startswith(f"{PROTOCOL_PATH}/"):
        return error
    status_code = 400 if error.status_code in (413, 422) else error.status_code
    return msgspec.structs.replace(
        error, status_code=status_code, members={**(error.members or {}), "error": error.error}
    )


def title_of(status_code: int) -> str:
    try:
        return HTTPStatus(status_code).phrase
    except ValueError:
        return "Error"


async def send_json(
    send: Send,
    body: bytes,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    content_type: tuple[bytes, bytes] = JSON,
) -> None:
    """Sends a complete response over ASGI, without the framework."""
    lines = [content_type, (b"content-length", b"%d" % len(body))]
    if headers:
        lines += [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})


async def send_error(send: Send, error: ErrorResponse) -> None:
    await send_json(send, error.body, status=error.status_code, headers=error.headers, content_type=PROBLEM)
