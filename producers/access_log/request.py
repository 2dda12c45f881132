"""The result of parsing a line of an access log: a request, a remark (no request), or unparsable."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request; a value that the log shows as ``-`` is None."""

    layout: str
    """Name of the layout, as printed to the user."""
    time_ms: int
    address: str | None
    """The client, from :func:`producers.access_log.client.client_address`."""
    request: str | None
    """The request line as sent, if the log has one."""
    method: str | None = None
    path: str | None = None
    """Includes the query."""
    protocol: str | None = None
    host: str | None = None
    """The requested host, with its port unless that is the scheme's default; None if the log does not have it."""
    scheme: str | None = None
    status: int | None
    bytes: int | None
    referrer: str | None
    useragent: str | None
    visitor: str | None = None
    """The browser's id, if the log has one."""


@dataclass(frozen=True)
class Unparsable:
    """``reason`` never contains a part of the line."""

    reason: str


class Remark:
    """A line of the layout that is not a request, such as ``#Fields:``."""


REMARK = Remark()

Parsed = Request | Unparsable | Remark
LineParser = Callable[[str], Parsed]
"""Takes the line without its line end; never raises. May have state, such as the fields declared by earlier lines."""
