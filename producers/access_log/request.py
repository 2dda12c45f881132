"""What a line of an access log is: a request, a remark of the log's own, or nothing that can be read."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request; what the log shows as ``-`` is None."""

    layout: str
    """The layout's name, as it is printed."""
    time_ms: int
    address: str | None
    """The client as :func:`producers.access_log.client.client_address` gives it."""
    request: str | None
    """The request line as sent, where the log has one."""
    method: str | None = None
    path: str | None = None
    """With the query."""
    protocol: str | None = None
    host: str | None = None
    """The host asked, with a port that is not its scheme's; None where the log does not tell."""
    scheme: str | None = None
    status: int | None
    bytes: int | None
    referrer: str | None
    useragent: str | None


@dataclass(frozen=True)
class Unparsable:
    """``reason`` never has anything of the line in it."""

    reason: str


class Remark:
    """A line that the layout has beside its requests, such as ``#Fields:``."""


REMARK = Remark()

Parsed = Request | Unparsable | Remark
LineParser = Callable[[str], Parsed]
"""The line without its end. It may remember what earlier lines said of later ones, and never raises."""
