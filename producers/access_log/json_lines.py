"""Access logs with one JSON object per line, as nginx, Apache, Caddy and Traefik can be configured to write them.

There is no standard for the keys: their meaning is derived from the names in :mod:`producers.access_log.json_names`.
"""

import json
import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import msgspec

from common.addresses import read_address
from producers.access_log import json_names as names
from producers.access_log import times, values
from producers.access_log.client import client_address, is_absent, is_name
from producers.access_log.request import Request, Unparsable

NAME = "json"
NOT_AN_OBJECT = Unparsable("not a JSON object")
_NO_REQUEST = Unparsable("a JSON object without a time and a request")
_MAX_DEPTH = 4
_PATHS = ("/", "http://", "https://")

_NOT_IN_NAMES = re.compile(r"[^a-z0-9.]")
# The first alternative skips a backslash that is escaped itself (by Apache), so that it does not begin nginx's escape.
_ESCAPES = re.compile(r"\\[^x]|(?:\\x[0-9A-Fa-f]{2})+", re.DOTALL)
_METHOD = re.compile(
    r"[A-Z]{3,16}(?:-[A-Z]{1,16})?|(?i:get|head|post|put|delete|connect|options|trace|patch)", re.ASCII
)
_decode = msgspec.json.Decoder().decode
_lenient = partial(json.loads, strict=False)


def parse_line(line: str) -> Request | Unparsable:
    fields = _fields(line)
    if fields is None:
        return NOT_AN_OBJECT
    time_ms = _time_ms(fields)
    if time_ms is None or not any(name in fields for name in (*names.LINE, *names.PATH)):
        return _NO_REQUEST
    client, host = _first(fields, *names.CLIENT), _first(fields, *names.HOST)
    is_host = client is None and host is not None and read_address(host) is not None  # Apache's %h
    client = host if is_host else client
    if client is not None and read_address(client) is None and not (is_absent(client) or is_name(client)):
        return Unparsable("neither an address nor a name where the client should be")
    forwarded = ", ".join(_all(fields, *names.FORWARDED))
    if client is None and not forwarded and not any(name in fields for name in names.CLIENT):
        return Unparsable("a JSON object without a client")
    request, parts = _request_line(fields)
    status = values.number(_first(fields, *names.STATUS) or "")
    if status is None and not _is_web_request(request, parts):
        return _NO_REQUEST
    target = values.split_target(parts.path) if parts.path else None
    site, path = target or (_site(fields, client if is_host else None), parts.path)
    return Request(
        layout=NAME,
        time_ms=time_ms,
        address=client_address(client or "-", forwarded=forwarded),
        request=request,
        method=parts.method,
        path=path,
        protocol=parts.protocol,
        host=site.host,
        scheme=site.scheme,
        status=status,
        bytes=values.number(_first(fields, *names.BYTES) or ""),
        referrer=_first(fields, *names.REFERRER),
        useragent=_first(fields, *names.AGENT),
        visitor=_first(fields, *names.VISITOR),
    )


def _is_web_request(request: str | None, parts: values.RequestLine) -> bool:
    """Whether a web server wrote the line: other logs also have a time, an address and a path."""
    return values.request_line(request).protocol is not None or _METHOD.fullmatch(parts.method or "") is not None


def _site(fields: dict[str, str], client: str | None) -> values.Site:
    schemes = map(values.scheme, _all(fields, *names.SCHEME, *names.PROTOCOL))
    scheme = next(filter(None, schemes), None) or values.scheme_of_port(_first(fields, *names.PORT))
    sites = (values.site(each, scheme) for each in _all(fields, *names.HOST) if each != client)
    return next((each for each in sites if each.host is not None), values.Site(None, scheme))


def _request_line(fields: dict[str, str]) -> tuple[str | None, values.RequestLine]:
    """The request line, if there is one, and its parts.

    The parts may have keys of their own. In some logs the key of the request line has only the path or the method.
    """
    text, path, method = (_first(fields, *each) for each in (names.LINE, names.PATH, names.METHOD))
    protocol = next((each for each in _all(fields, *names.PROTOCOL) if values.scheme(each) is None), None)
    whole = values.request_line(text)
    if whole.path is not None and (whole.protocol or whole.path.startswith(_PATHS) or path is None):
        return text, whole
    if text is not None and text.startswith(_PATHS):
        path_only = values.request_line(f"GET {text}")
        text, path, protocol = None, path_only.path, path_only.protocol or protocol
    elif text is not None and method is None and _METHOD.fullmatch(text):
        text, method = None, text
    query = _first(fields, *names.QUERY)
    if path is not None and query and "?" not in path:
        path = f"{path}?{query.removeprefix('?')}"
    return text, values.RequestLine(method, path, protocol)


def _fields(line: str) -> dict[str, str] | None:
    """Values as text by normalised names; None if the line is not a JSON object."""
    if not line.lstrip().startswith("{"):
        return None
    found, is_json = _object(line), True
    if found is None:
        found, is_json = _object(_as_json(line)), False
    if found is None:
        return None
    fields: dict[str, str] = {}
    for name, value in _flatten(found, "", _MAX_DEPTH):
        if value or name not in fields:
            # A server may escape values before another program writes them as JSON. _as_json has undone that already.
            fields[name] = values.unescape_hex(value) if is_json else value
    return fields


def _object(text: str) -> dict[str, Any] | None:
    # The second decoder accepts what the first rejects: half a surrogate pair, control characters in strings.
    for decode in (_decode, _lenient):
        try:
            found = decode(text)
        except (ValueError, RecursionError):
            continue
        return found if isinstance(found, dict) else None
    return None


def _as_json(line: str) -> str:
    r"""Nginx writes ``\x22`` into JSON if its log_format has no ``escape=json``, which is not valid JSON."""
    return _ESCAPES.sub(lambda run: json.dumps(_plain(run[0]))[1:-1] if run[0][1] == "x" else run[0], line)


def _plain(escapes: str) -> str:
    return bytes.fromhex(escapes.replace("\\x", "")).decode("utf-8", "backslashreplace")


def _flatten(found: dict[str, Any], prefix: str, depth: int) -> Iterator[tuple[str, str]]:
    """Every value as text by its normalised name: nested objects as ``outer.inner``, of a list its first item."""
    for key, value in found.items():
        name = prefix + _NOT_IN_NAMES.sub("", key.lower().replace("@timestamp", "atimestamp"))
        first = (value[0] if value else None) if isinstance(value, list) else value
        if isinstance(first, dict):
            if depth:
                yield from _flatten(first, f"{name}.", depth - 1)
        elif first is None:
            yield name, ""
        elif isinstance(first, str):
            yield name, first.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        elif isinstance(first, int | float) and not isinstance(first, bool):
            # Without an exponent, because it may be a time. No value of a request needs more digits.
            yield name, f"{first:.6f}".rstrip("0").rstrip(".") if isinstance(first, float) else f"{first:d}"


def _all(fields: dict[str, str], *keys: str) -> Iterator[str]:
    return (fields[name] for name in keys if fields.get(name) not in (None, "", "-"))


def _first(fields: dict[str, str], *keys: str) -> str | None:
    return next(_all(fields, *keys), None)


def _time_ms(fields: dict[str, str]) -> int | None:
    if "date" in fields and "time" in fields and "T" not in fields["date"]:
        date_and_time = times.iso_ms(f"{fields['date']} {fields['time']}")
        if date_and_time is not None:
            return date_and_time
    for name in names.TIME:
        text = fields.get(name)
        if text is not None:
            text = text.strip().removeprefix("[").removesuffix("]")
            time_ms = times.ncsa_ms(text) or times.epoch_ms(text)
            if time_ms is not None:
                return time_ms
    return None
