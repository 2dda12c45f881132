"""One line of a web server's access log (Apache's and nginx's ``combined``, also ``common``), taken apart."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from ipaddress import ip_address

_INSIDE_QUOTES = r'(?:[^"\\]|\\.)*+'
_LINE = re.compile(
    rf'(?P<client>\S+) \S+ .*?\[(?P<time>[^\]]*)\] "(?P<request>{_INSIDE_QUOTES})"'
    r" (?P<status>\d{3}|-) (?P<bytes>\d{1,15}|-)"
    # After the two quoted fields servers often append more; in "common" they are missing.
    rf'(?: "(?P<referrer>{_INSIDE_QUOTES})" "(?P<agent>{_INSIDE_QUOTES})"(?: .*)?| *)',
    re.DOTALL | re.ASCII,
)
_REQUEST = re.compile(
    r"(?P<method>[A-Za-z][A-Za-z_-]{0,15}) (?P<path>\S.*?)(?: (?P<protocol>HTTP/\d(?:\.\d)?))?", re.DOTALL | re.ASCII
)
_TIME = re.compile(r"(\d{2})/([A-Z][a-z]{2})/(\d{4}):(\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2})", re.ASCII)
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|.)", re.DOTALL)
_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: n for n, name in enumerate(_MONTH_NAMES, start=1)}
_LETTERS = {"n": b"\n", "t": b"\t", "r": b"\r", "b": b"\b", "f": b"\f", "v": b"\v"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_END_MS = 4_102_444_800_000


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request; what the log shows as ``-`` is None. ``address`` is None for a client logged by its name."""

    time_ms: int
    address: str | None
    request: str | None
    """The request line as sent."""
    method: str | None = None
    path: str | None = None
    protocol: str | None = None
    status: int | None
    bytes: int | None
    referrer: str | None
    useragent: str | None


@dataclass(frozen=True)
class Unparsable:
    reason: str


def parse_line(line: bytes) -> Request | Unparsable:
    r"""``line`` without its line end. Bytes that are not UTF-8 are kept as ``\xhh``, as Apache writes them."""
    found = _LINE.fullmatch(line.decode("utf-8", "backslashreplace"))
    if found is None:
        return Unparsable("not a combined log line")
    time_ms = _time_ms(found["time"])
    if time_ms is None:
        return Unparsable("no valid time")
    request = _text(found["request"])
    parts = _REQUEST.fullmatch(request) if request else None
    return Request(
        time_ms=time_ms,
        address=_address(found["client"]),
        request=request,
        method=parts["method"] if parts else None,
        path=parts["path"] if parts else None,
        protocol=parts["protocol"] if parts else None,
        status=_number(found["status"]),
        bytes=_number(found["bytes"]),
        referrer=_text(found["referrer"]),
        useragent=_text(found["agent"]),
    )


@lru_cache(maxsize=1024)
def _time_ms(text: str) -> int | None:
    found = _TIME.fullmatch(text)
    if found is None or found[2] not in _MONTHS:
        return None
    day, year, hour, minute, second = (int(found[group]) for group in (1, 3, 4, 5, 6))
    offset = timedelta(hours=int(found[8]), minutes=int(found[9])) * (-1 if found[7] == "-" else 1)
    try:
        # A leap second, 60, is the second before it again.
        at = datetime(year, _MONTHS[found[2]], day, hour, minute, min(second, 59) if second <= 60 else second,
                      tzinfo=timezone(offset))  # fmt: skip
        time_ms = (at - _EPOCH) // timedelta(milliseconds=1)
    except (ValueError, OverflowError):
        return None
    return time_ms if 0 < time_ms < _END_MS else None


@lru_cache(maxsize=4096)
def _address(client: str) -> str | None:
    try:
        address = ip_address(client)
    except ValueError:
        return None
    return None if getattr(address, "scope_id", None) else client


def _number(text: str) -> int | None:
    return None if text == "-" else int(text)


def _text(field: str | None) -> str | None:
    """The text behind the log's escapes; as logged where they do not stand for UTF-8."""
    if field is None or field in ("-", ""):
        return None
    if "\\" not in field:
        return field
    pieces = _ESCAPE.split(field)
    plain = b"".join(_unescaped(piece) if n % 2 else piece.encode() for n, piece in enumerate(pieces))
    try:
        return plain.decode()
    except UnicodeDecodeError:
        return field


def _unescaped(escape: str) -> bytes:
    if len(escape) == 3:
        return bytes((int(escape[1:], 16),))
    return _LETTERS.get(escape, escape.encode())
