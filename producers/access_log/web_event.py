"""A web server's request as a raw event."""

import hashlib
import re
from dataclasses import dataclass
from uuid import UUID

import msgspec

from contracts.events.raw import MAX_BYTES, SCHEMA
from producers.access_log.request import Request

_LONGEST = (16_384, 8_192, 4_096, 1_024)
"""Characters of a text of the log: the first with which the event is short enough. Six bytes each are the most."""
_USER_IN_TARGET = re.compile(r"\A((?:[A-Za-z][A-Za-z0-9+.-]{0,30}://)?)[^/?#]*@", re.ASCII)
_USER = re.compile(r"(//|\s)[^\s/?#]*@", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class WebSite:
    """``site`` is the origin of paths whose log names no host, such as ``https://www.example.org``."""

    app_id: str = "web-log"
    site: str = "https://www.example.org"


def web_event(request: Request, *, event_id: str, time_ms: int, web_site: WebSite) -> bytes:
    """``time_ms`` is the event's time, ms since 1970 UTC.

    Values over the contract's limits are for the pipeline, but not an event that is too long as a whole: a path is in
    it twice.
    """
    encoded = b""
    for longest in _LONGEST:
        encoded = msgspec.json.encode(_event(request, event_id, time_ms, web_site, longest))
        if len(encoded) <= MAX_BYTES:
            break
    return encoded


def _event(request: Request, event_id: str, time_ms: int, web_site: WebSite, longest: int) -> dict[str, object]:
    path = None if request.path is None else _without_user(request.path)

    def cut(text: str | None) -> str | None:
        return text and text[:longest]

    return {
        "schema": SCHEMA,
        "event_id": event_id,
        "event_name": "http_request",
        "platform": "srv",
        "actor": _present(user_ipaddress=request.address, useragent=cut(request.useragent)),
        "context": _present(
            app_id=web_site.app_id,
            page_url=cut(_page_url(request, path, web_site.site)),
            page_referrer=cut(request.referrer),
        ),
        "times": {"dvce_created_tstamp": time_ms},
        "attributes": _present(
            http_method=cut(request.method),
            http_status=request.status,
            http_bytes=request.bytes,
            http_path=cut(path),
            http_protocol=cut(request.protocol),
            # What is no request line (a TLS greeting on a plain port, say) is kept as it came.
            http_request=cut(_USER.sub(r"\1", request.request or "") or None) if path is None else None,
        ),
    }


def line_id(number: int, line: bytes) -> str:
    """The event's id: the same for the same line at the same place, different for equal lines elsewhere."""
    digest = hashlib.sha1(b"%d:%b" % (number, line), usedforsecurity=False).digest()
    return str(UUID(bytes=digest[:16], version=5))


def _page_url(request: Request, path: str | None, site: str) -> str | None:
    if path is None:
        return None
    if path.startswith("/"):
        return _origin(request, site) + path
    return path if path.startswith(("http://", "https://")) else None


def _without_user(target: str) -> str:
    """No password, also where the rest is no address of the web."""
    return target if target.startswith("/") or "@" not in target else _USER_IN_TARGET.sub(r"\1", target, 1)


def _origin(request: Request, site: str) -> str:
    """The log's own where it names the host; the site's scheme where it does not tell one."""
    if request.host is None:
        return site.rstrip("/")
    return f"{request.scheme or site.partition('://')[0]}://{request.host}"


def _present(**fields: object) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}
