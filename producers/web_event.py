"""A web server's request as a raw event."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

import msgspec

from contracts.raw_event import SCHEMA
from producers.access_logs.request import Request


@dataclass(frozen=True, kw_only=True)
class WebSite:
    """``site`` is the origin of paths whose log names no host, such as ``https://www.example.org``."""

    app_id: str = "web-log"
    site: str = "https://www.example.org"


def web_event(request: Request, *, event_id: str, time_ms: int, web_site: WebSite) -> bytes:
    """``time_ms`` is the event's time, ms since 1970 UTC. Values over the contract's limits are for the pipeline."""
    event = {
        "schema": SCHEMA,
        "event_id": event_id,
        "event_name": "http_request",
        "platform": "srv",
        "actor": _present(user_ipaddress=request.address, useragent=request.useragent),
        "context": _present(
            app_id=web_site.app_id, page_url=_page_url(request, web_site.site), page_referrer=request.referrer
        ),
        "times": {"dvce_created_tstamp": time_ms},
        "attributes": _present(
            http_method=request.method,
            http_status=request.status,
            http_bytes=request.bytes,
            http_path=request.path,
            http_protocol=request.protocol,
            # What is no request line (a TLS greeting on a plain port, say) is kept as it came.
            http_request=request.request if request.path is None else None,
        ),
    }
    return msgspec.json.encode(event)


def line_id(number: int, line: bytes) -> str:
    """The event's id: the same for the same line at the same place, different for equal lines elsewhere."""
    digest = hashlib.sha1(b"%d:%b" % (number, line), usedforsecurity=False).digest()
    return str(UUID(bytes=digest[:16], version=5))


def _page_url(request: Request, site: str) -> str | None:
    path = request.path
    if path is None:
        return None
    if path.startswith("/"):
        return _origin(request, site) + path
    return path if path.startswith(("http://", "https://")) else None


def _origin(request: Request, site: str) -> str:
    """The log's own where it names the host; the site's scheme where it does not tell one."""
    if request.host is None:
        return site.rstrip("/")
    return f"{request.scheme or site.partition('://')[0]}://{request.host}"


def _present(**fields: object) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}
