"""Parses the values of a log's fields: numbers, request lines, hosts and escaped texts."""

import re
from typing import NamedTuple
from urllib.parse import urlsplit

_NUMBER = re.compile(r"\d{1,15}", re.ASCII)
_REQUEST = re.compile(
    r"(?P<method>[A-Za-z][A-Za-z_-]{0,15}) (?P<path>\S.*?)(?: (?P<protocol>HTTP/\d(?:\.\d)?))?", re.DOTALL | re.ASCII
)
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|.)", re.DOTALL)
_LETTERS = {"n": b"\n", "t": b"\t", "r": b"\r", "b": b"\b", "f": b"\f", "v": b"\v"}
_HEX_RUN = re.compile(r"(?:\\x[0-9A-Fa-f]{2})+")
_SCHEME_OF_PORT = {"80": "http", "443": "https"}
_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
# nginx configurations use "_" as the name of a server for any host.
_HOST = re.compile(r"_{0,16}[A-Za-z0-9][A-Za-z0-9_.-]{0,254}|\[[0-9A-Fa-f:.]{2,45}\]", re.ASCII)


class RequestLine(NamedTuple):
    """The three parts of a request line; all None for another text, such as a TLS handshake on a plain HTTP port."""

    method: str | None = None
    path: str | None = None
    protocol: str | None = None


class Site(NamedTuple):
    host: str | None = None
    scheme: str | None = None


def request_line(text: str | None) -> RequestLine:
    parts = _REQUEST.fullmatch(text) if text else None
    return RequestLine(*parts.group("method", "path", "protocol")) if parts else RequestLine()


def number(text: str) -> int | None:
    """None for ``-`` and any other text that is not a number."""
    return int(text) if _NUMBER.fullmatch(text) else None


def site(host: str | None, scheme: str | None = None, port: str | None = None) -> Site:
    """``host`` with or without a port. A missing scheme is derived from the port, and a default port is left out."""
    if not host:
        return Site(None, scheme)
    name, colon, own_port = host.rpartition(":")
    if colon and own_port.isascii() and own_port.isdigit():
        host, port = name, own_port
    if _HOST.fullmatch(host) is None:
        return Site(None, scheme)
    scheme = scheme or (_SCHEME_OF_PORT.get(port) if port else None)
    usual = port is None or (scheme is not None and _SCHEME_OF_PORT.get(port) == scheme)
    return Site(host if usual else f"{host}:{port}", scheme)


def scheme(text: str | None) -> str | None:
    """``http`` or ``https``; None for any other scheme."""
    return _SCHEMES.get((text or "").lower())


def scheme_of_port(port: str | None) -> str | None:
    """The scheme for the port that the server listens on. Clients may use another port, so the port is not kept."""
    return _SCHEME_OF_PORT.get(port or "")


def split_target(target: str) -> tuple[Site, str] | None:
    """Site and path of an absolute ``http://`` address; None for any other text."""
    if not target.startswith(("http://", "https://", "ws://", "wss://")):
        return None
    try:
        parts = urlsplit(target)
        port = parts.port
    except ValueError:
        return None
    secure = parts.scheme in ("https", "wss")
    # Cut from the original text, because urlsplit drops some characters and the path is kept as requested.
    rest = target.partition("//")[2]
    path = rest[len(parts.netloc) :] if rest.startswith(parts.netloc) else parts.path
    host = parts.netloc.rpartition("@")[2]
    found = site(host, "https" if secure else "http", None if port is None else str(port))
    return (found, path if path.startswith("/") else f"/{path}") if found.host else None


def text(field: str | None) -> str | None:
    """The text without the escapes of Apache and nginx; unchanged if the escaped bytes are not UTF-8."""
    if field is None or field in ("-", ""):
        return None
    if "\\" not in field:
        return field
    pieces = _ESCAPE.split(field)
    plain = b"".join(_unescape(piece) if n % 2 else piece.encode() for n, piece in enumerate(pieces))
    try:
        return plain.decode()
    except UnicodeDecodeError:
        return field


def unescape_hex(field: str) -> str:
    r"""Replaces each run of ``\xhh`` that is UTF-8 by its characters; other escapes stay."""
    return _HEX_RUN.sub(_decode_run, field) if "\\x" in field else field


def _decode_run(run: re.Match[str]) -> str:
    try:
        return bytes.fromhex(run[0].replace("\\x", "")).decode()
    except UnicodeDecodeError:
        return run[0]


def _unescape(escape: str) -> bytes:
    if len(escape) == 3:
        return bytes((int(escape[1:], 16),))
    return _LETTERS.get(escape, escape.encode())
