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
from producers.access_log import json_names as names
from producers.access_log import times, values
from producers.access_log.client import client_address, is_absent, is_name
from producers.access_log.request import Request, Unparsable

NAME = "json"
NO_OBJECT = Unparsable("not a JSON object")
_NO_REQUEST = Unparsable("a JSON object without a time and a request")
_MOST_DEPTH = 4
_PATHS = ("/", "http://", "https://")

_NOT_IN_NAMES = re.compile(r"[^a-z0-9.]")
# A backslash that is escaped itself, as Apache does it, begins no escape of nginx.
_ESCAPES = re.compile(r"\\[^x]|(?:\\x[0-9A-Fa-f]{2})+", re.DOTALL)
_METHOD = re.compile(
    r"[A-Z]{3,16}(?:-[A-Z]{1,16})?|(?i:get|head|post|put|delete|connect|options|trace|patch)", re.ASCII
)
_decode = msgspec.json.Decoder().decode
_lenient = partial(json.loads, strict=False)


def parse_line(line: str) -> Request | Unparsable:
    fields = _fields(line)
    if fields is None:
        return NO_OBJECT
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
    request, asked = _asked(fields)
    status = values.number(_first(fields, *names.STATUS) or "")
    if status is None and not _is_asked(request, asked):
        return _NO_REQUEST
    target = values.split_target(asked.path) if asked.path else None
    site, path = target or (_site(fields, client if is_host else None), asked.path)
    return Request(
        layout=NAME,
        time_ms=time_ms,
        address=client_address(client or "-", forwarded=forwarded),
        request=request,
        method=asked.method,
        path=path,
        protocol=asked.protocol,
        host=site.host,
        scheme=site.scheme,
        status=status,
        bytes=values.number(_first(fields, *names.BYTES) or ""),
        referrer=_first(fields, *names.REFERRER),
        useragent=_first(fields, *names.AGENT),
    )


def _is_asked(request: str | None, asked: values.RequestLine) -> bool:
    """Whether it is a web server's at all: much else that is logged has a time, an address and a path."""
    return values.request_line(request).protocol is not None or _METHOD.fullmatch(asked.method or "") is not None


def _site(fields: dict[str, str], client: str | None) -> values.Site:
    schemes = map(values.scheme, _all(fields, *names.SCHEME, *names.PROTOCOL))
    scheme = next(filter(None, schemes), None) or values.scheme_of_port(_first(fields, *names.PORT))
    sites = (values.site(each, scheme) for each in _all(fields, *names.HOST) if each != client)
    return next((each for each in sites if each.host is not None), values.Site(None, scheme))


def _asked(fields: dict[str, str]) -> tuple[str | None, values.RequestLine]:
    """The request line, if there is one, and its parts, which may have keys of their own. Some write nothing but the
    path, or the method, where others have the line.
    """
    text, path, method = (_first(fields, *each) for each in (names.LINE, names.PATH, names.METHOD))
    protocol = next((each for each in _all(fields, *names.PROTOCOL) if values.scheme(each) is None), None)
    whole = values.request_line(text)
    if whole.path is not None and (whole.protocol or whole.path.startswith(_PATHS) or path is None):
        return text, whole
    if text is not None and text.startswith(_PATHS):
        alone = values.request_line(f"GET {text}")
        text, path, protocol = None, alone.path, alone.protocol or protocol
    elif text is not None and method is None and _METHOD.fullmatch(text):
        text, method = None, text
    query = _first(fields, *names.QUERY)
    if path is not None and query and "?" not in path:
        path = f"{path}?{query.removeprefix('?')}"
    return text, values.RequestLine(method, path, protocol)


def _fields(line: str) -> dict[str, str] | None:
    """Values as text by their plain names; None where the line is no object."""
    if not line.lstrip().startswith("{"):
        return None
    found, is_json = _object(line), True
    if found is None:
        found, is_json = _object(_as_json(line)), False
    if found is None:
        return None
    fields: dict[str, str] = {}
    for name, value in _flat(found, "", _MOST_DEPTH):
        if value or name not in fields:
            # What a server has escaped before something else made JSON of it. Never twice.
            fields[name] = values.hex_undone(value) if is_json else value
    return fields


def _object(text: str) -> dict[str, Any] | None:
    # The second reader takes what the first refuses: half a surrogate pair, control characters within texts.
    for decode in (_decode, _lenient):
        try:
            found = decode(text)
        except (ValueError, RecursionError):
            continue
        return found if isinstance(found, dict) else None
    return None


def _as_json(line: str) -> str:
    r"""Nginx writes ``\x22`` into JSON where its log_format has no ``escape=json``; that is no JSON."""
    return _ESCAPES.sub(lambda run: json.dumps(_plain(run[0]))[1:-1] if run[0][1] == "x" else run[0], line)


def _plain(escapes: str) -> str:
    return bytes.fromhex(escapes.replace("\\x", "")).decode("utf-8", "backslashreplace")


def _flat(found: dict[str, Any], before: str, depth: int) -> Iterator[tuple[str, str]]:
    """Every value as text under its plain name, those of objects within as ``outer.inner``, of lists the first."""
    for key, value in found.items():
        name = before + _NOT_IN_NAMES.sub("", key.lower().replace("@timestamp", "atimestamp"))
        first = (value[0] if value else None) if isinstance(value, list) else value
        if isinstance(first, dict):
            if depth:
                yield from _flat(first, f"{name}.", depth - 1)
        elif first is None:
            yield name, ""
        elif isinstance(first, str):
            yield name, first.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        elif isinstance(first, int | float) and not isinstance(first, bool):
            # Without an exponent, for times; a number that has too many digits is none of a request.
            yield name, f"{first:.6f}".rstrip("0").rstrip(".") if isinstance(first, float) else f"{first:d}"


def _all(fields: dict[str, str], *keys: str) -> Iterator[str]:
    return (fields[name] for name in keys if fields.get(name) not in (None, "", "-"))


def _first(fields: dict[str, str], *keys: str) -> str | None:
    return next(_all(fields, *keys), None)


def _time_ms(fields: dict[str, str]) -> int | None:
    if "date" in fields and "time" in fields and "T" not in fields["date"]:
        both = times.iso_ms(f"{fields['date']} {fields['time']}")
        if both is not None:
            return both
    for name in names.TIME:
        text = fields.get(name)
        if text is not None:
            text = text.strip().removeprefix("[").removesuffix("]")
            time_ms = times.ncsa_ms(text) or times.epoch_ms(text)
            if time_ms is not None:
                return time_ms
    return None
