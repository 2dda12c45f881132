"""Access logs with one JSON object a line, as nginx, Apache, Caddy and Traefik are told to write them.

There is no standard: what a key means is told by its name, and the names are those that people use.
"""

import json
import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import msgspec

from common.addresses import read_address
from producers.access_logs import times, values
from producers.access_logs.client import client_address, is_absent, is_name
from producers.access_logs.request import Request, Unparsable

NAME = "json"
_NO_OBJECT = Unparsable("not a JSON object")
_NO_REQUEST = Unparsable("a JSON object without a time and a request")
_MOST_DEPTH = 4

# Names without case, dashes, underscores and so on; of several the first that has a value.
_TIME = (
    "timelocal", "timeiso8601", "atimestamp", "timestamp", "datetime", "startutc", "requesttime", "time", "msec", "ts",
    "date", "t",
)  # fmt: skip
_CLIENT = (
    "remoteaddr", "remoteip", "clientip", "clientaddr", "clientaddress", "remoteaddress", "clientipaddress", "client",
    "sourceip", "sourceaddress", "ipaddress", "ip", "cip", "client.ip", "client.address", "source.ip",
    "source.address", "request.clientip", "request.remoteip", "request.remoteaddr", "remotehost", "clienthost",
    "realip", "xrealip", "h", "a",
)  # fmt: skip
_FORWARDED = ("httpxforwardedfor", "xforwardedfor", "forwardedfor", "forwarded", "xff", "request.headers.xforwardedfor")
_LINE = ("request", "requestline", "httprequest", "r")
_METHOD = (
    "requestmethod", "method", "verb", "httpmethod", "csmethod", "request.method", "http.request.method",
    "http.method", "m",
)  # fmt: skip
_PATH = (
    "requesturi", "uri", "requestpath", "path", "url", "uripath", "csuristem", "request.uri", "request.url",
    "request.path", "url.original", "url.full", "url.path", "http.url", "u",
)  # fmt: skip
_QUERY = ("querystring", "args", "query", "csuriquery", "url.query", "request.query", "q")
_PROTOCOL = (
    "serverprotocol", "protocol", "requestprotocol", "httpversion", "csprotocolversion", "request.proto",
    "http.version",
)  # fmt: skip
_STATUS = (
    "status", "statuscode", "downstreamstatus", "responsestatus", "responsecode", "responsestatuscode", "httpstatus",
    "httpstatuscode", "response", "code", "scstatus", "response.status", "http.response.statuscode", "s",
)  # fmt: skip
_BYTES = (
    "bodybytessent", "bytessent", "downstreamcontentsize", "responsesize", "responsebytes", "bytes", "size",
    "contentlength", "scbytes", "http.response.body.bytes", "http.response.bytes", "b",
)  # fmt: skip
_REFERRER = (
    "httpreferer", "httpreferrer", "referer", "referrer", "requestreferer", "csreferer", "request.headers.referer",
    "http.request.referrer", "headers.referer",
)  # fmt: skip
_AGENT = (
    "httpuseragent", "useragent", "agent", "requestuseragent", "csuseragent", "request.headers.useragent",
    "useragent.original", "headers.useragent", "ua",
)  # fmt: skip
_HOST = (
    "host", "httphost", "vhost", "virtualhost", "servername", "requesthost", "domain", "xhostheader", "cshost",
    "request.host", "url.domain", "v",
)  # fmt: skip
_SCHEME = ("scheme", "requestscheme", "csprotocol", "url.scheme")
_PORT = ("serverport", "port")

_NOT_IN_NAMES = re.compile(r"[^a-z0-9.]")
_NGINX_ESCAPES = re.compile(r"(?:\\x[0-9A-Fa-f]{2})+")
_decode = msgspec.json.Decoder().decode
_lenient = partial(json.loads, strict=False)


def parse_line(line: str) -> Request | Unparsable:
    found = _object(line)
    if found is None:
        return _NO_OBJECT
    fields = dict(_flat(found, "", _MOST_DEPTH))
    time_ms, line_or_path = _time_ms(fields), _first(fields, *_LINE) or _first(fields, *_PATH)
    if time_ms is None or line_or_path is None:
        return _NO_REQUEST
    client, host = _first(fields, *_CLIENT), _first(fields, *_HOST)
    if client is None and host is not None and read_address(host) is not None:
        client, host = host, None  # Apache's %h
    if client is not None and read_address(client) is None and not (is_absent(client) or is_name(client)):
        return Unparsable("neither an address nor a name where the client should be")
    forwarded = _first(fields, *_FORWARDED)
    if client is None and forwarded is None and not any(name in fields for name in _CLIENT):
        return Unparsable("a JSON object without a client")
    request, asked = _asked(fields)
    target = values.split_target(asked.path) if asked.path else None
    scheme = (_first(fields, *_SCHEME) or "").lower() or values.scheme_of_port(_first(fields, *_PORT))
    site = values.site(host, scheme if scheme in ("http", "https") else None)
    if target is not None:
        site, asked = target[0], asked._replace(path=target[1])
    return Request(
        layout=NAME,
        time_ms=time_ms,
        address=client_address(client or "-", forwarded=forwarded),
        request=request,
        method=asked.method,
        path=asked.path,
        protocol=asked.protocol,
        host=site.host,
        scheme=site.scheme,
        status=values.number(_first(fields, *_STATUS) or ""),
        bytes=values.number(_first(fields, *_BYTES) or ""),
        referrer=values.text(_first(fields, *_REFERRER)),
        useragent=values.text(_first(fields, *_AGENT)),
    )


def _asked(fields: dict[str, str]) -> tuple[str | None, values.RequestLine]:
    """The request line, if there is one, and its parts, which may have keys of their own."""
    text = values.text(_first(fields, *_LINE))
    whole = values.request_line(text)
    path, query = values.text(_first(fields, *_PATH)), _first(fields, *_QUERY)
    if whole.path is not None:
        return text, whole
    if path is not None and query and "?" not in path:
        path = f"{path}?{query.removeprefix('?')}"
    return text, values.RequestLine(_first(fields, *_METHOD), path, _first(fields, *_PROTOCOL))


def _object(line: str) -> dict[str, Any] | None:
    if not line.lstrip().startswith("{"):
        return None
    # The second reader takes what the first refuses: half a surrogate pair, control characters within texts.
    for decode, text in ((_decode, line), (_lenient, line), (_lenient, _as_json(line))):
        try:
            found = decode(text)
        except (ValueError, RecursionError):
            continue
        return found if isinstance(found, dict) else None
    return None


def _as_json(line: str) -> str:
    r"""Nginx writes ``\x22`` into JSON where its log_format has no ``escape=json``; that is no JSON."""
    return _NGINX_ESCAPES.sub(lambda run: json.dumps(_plain(run[0]))[1:-1], line)


def _plain(escapes: str) -> str:
    return bytes.fromhex(escapes.replace("\\x", "")).decode("utf-8", "backslashreplace")


def _flat(found: dict[str, Any], before: str, depth: int) -> Iterator[tuple[str, str]]:
    """Every value as text under its plain name, those of objects within as ``outer.inner``, of lists the first."""
    for key, value in found.items():
        name = before + _NOT_IN_NAMES.sub("", key.lower().replace("@timestamp", "atimestamp"))
        first = value[0] if isinstance(value, list) and value else value
        if isinstance(first, dict):
            if depth:
                yield from _flat(first, f"{name}.", depth - 1)
        elif isinstance(first, str):
            yield name, first.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        elif isinstance(first, int | float) and not isinstance(first, bool):
            # Without an exponent, for times; a number that has too many digits is none of a request.
            yield name, f"{first:.6f}".rstrip("0").rstrip(".") if isinstance(first, float) else f"{first:d}"


def _first(fields: dict[str, str], *names: str) -> str | None:
    return next((fields[name] for name in names if fields.get(name) not in (None, "", "-")), None)


def _time_ms(fields: dict[str, str]) -> int | None:
    if "date" in fields and "time" in fields and "T" not in fields["date"]:
        both = times.iso_ms(f"{fields['date']} {fields['time']}")
        if both is not None:
            return both
    for name in _TIME:
        text = fields.get(name)
        if text is not None:
            text = text.strip().removeprefix("[").removesuffix("]")
            time_ms = times.ncsa_ms(text) or times.epoch_ms(text)
            if time_ms is not None:
                return time_ms
    return None
