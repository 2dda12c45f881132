"""Checks the content type and encoding of a request body."""

from collections.abc import Mapping

from contracts.lookup_api import enrich as enrichment
from lookup_service.http.error_response import ErrorResponse

JSON = b"application/json"
NDJSON = frozenset({b"application/x-ndjson", b"application/ndjson", b"application/jsonl", b"application/x-jsonlines"})
CLIENT_DEFAULTS = frozenset({b"", b"application/octet-stream", b"application/x-www-form-urlencoded"})
"""What clients such as curl and urllib send if their user sets no content type; treated as no header."""
UNSUPPORTED_ENCODING = ErrorResponse(
    status_code=415,
    error="compressed bodies are not supported",
    field="content-encoding",
    header=("accept-encoding", "identity"),
)
NOT_JSON = ErrorResponse(
    status_code=415, error="JSON in UTF-8 only", field="content-type", header=("accept-post", "application/json")
)
NOT_EVENTS = ErrorResponse(
    status_code=415,
    error="JSON or NDJSON in UTF-8 only",
    field="content-type",
    header=("accept-post", "application/json, application/x-ndjson"),
)


def check_content(path: str, headers: Mapping[bytes, bytes]) -> ErrorResponse | None:
    encoding = headers.get(b"content-encoding")
    if encoding is not None and encoding.strip().lower() not in (b"", b"identity"):
        return UNSUPPORTED_ENCODING
    content_type = headers.get(b"content-type")
    if content_type is None or content_type == JSON:
        return None
    media_type, _, parameters = content_type.lower().partition(b";")
    media_type = media_type.strip()
    if not _is_utf_8(parameters):
        return NOT_EVENTS if path == enrichment.PATH else NOT_JSON
    if media_type == JSON or media_type in CLIENT_DEFAULTS or media_type.endswith(b"+json"):
        return None
    if path == enrichment.PATH:
        return None if media_type in NDJSON else NOT_EVENTS
    return NOT_JSON


def _is_utf_8(parameters: bytes) -> bool:
    """True also without a charset parameter."""
    for parameter in parameters.split(b";"):
        name, _, value = parameter.partition(b"=")
        if name.strip() == b"charset" and value.strip().strip(b'"') not in (b"utf-8", b"utf8", b"us-ascii"):
            return False
    return True
