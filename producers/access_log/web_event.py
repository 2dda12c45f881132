"""Makes a raw event of a web server's request."""

import hashlib
import re
from dataclasses import dataclass
from uuid import UUID

import msgspec

from contracts.events.raw import MAX_BYTES, SCHEMA
from producers.access_log.request import Request
from producers.access_log.visitors import visitor_id

_MAX_TEXT_CHARACTERS = (16_384, 8_192, 4_096, 1_024)
"""Limits for each text of the log; the first that makes the event short enough applies. JSON needs up to six bytes a
character."""
_USER_IN_TARGET = re.compile(r"\A((?:[A-Za-z][A-Za-z0-9+.-]{0,30}://)?)[^/?#]*@", re.ASCII)
_USER = re.compile(r"(//|\s)[^\s/?#]*@", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class WebSite:
    """``site`` is the origin for paths from a log without hosts, such as ``https://www.example.org``."""

    app_id: str = "web-log"
    site: str = "https://www.example.org"


def web_event(request: Request, *, event_id: str, time_ms: int, web_site: WebSite, visitor_salt: bytes) -> bytes:
    """``time_ms`` is the event's time, ms since 1970 UTC; ``visitor_salt`` keys the visitor's id.

    The pipeline handles single values that exceed the contract's limits. An event that is too long as a whole would be
    rejected, so long texts are cut; the path occurs twice in an event.
    """
    visitor, encoded = visitor_id(request, visitor_salt), b""
    for max_characters in _MAX_TEXT_CHARACTERS:
        encoded = msgspec.json.encode(_event(request, event_id, time_ms, web_site, visitor, max_characters))
        if len(encoded) <= MAX_BYTES:
            break
    return encoded


def _event(  # noqa: PLR0917  # only called above
    request: Request, event_id: str, time_ms: int, web_site: WebSite, visitor: str | None, max_characters: int
) -> dict[str, object]:
    path = None if request.path is None else _without_user(request.path)

    def cut(text: str | None) -> str | None:
        return text and text[:max_characters]

    return {
        "schema": SCHEMA,
        "event_id": event_id,
        "event_name": "http_request",
        "platform": "srv",
        "actor": _present(domain_userid=cut(visitor), user_ipaddress=request.address, useragent=cut(request.useragent)),
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
            # Only for a request without a path, such as a TLS handshake on a plain HTTP port.
            http_request=cut(_USER.sub(r"\1", request.request or "") or None) if path is None else None,
        ),
    }


def line_id(number: int, line: bytes) -> str:
    """The event's id, from the line and its number: the same in every replay, different for equal lines."""
    digest = hashlib.sha1(b"%d:%b" % (number, line), usedforsecurity=False).digest()
    return str(UUID(bytes=digest[:16], version=5))


def _page_url(request: Request, path: str | None, site: str) -> str | None:
    if path is None:
        return None
    if path.startswith("/"):
        return _origin(request, site) + path
    return path if path.startswith(("http://", "https://")) else None


def _without_user(target: str) -> str:
    """Removes user and password, also from a target that is not an HTTP URL."""
    return target if target.startswith("/") or "@" not in target else _USER_IN_TARGET.sub(r"\1", target, 1)


def _origin(request: Request, site: str) -> str:
    """The requested host if the log has it, otherwise the site; the site's scheme if the log has none."""
    if request.host is None:
        return site.rstrip("/")
    return f"{request.scheme or site.partition('://')[0]}://{request.host}"


def _present(**fields: object) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}
