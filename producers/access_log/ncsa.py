"""The layouts of Apache and nginx: ``common`` and ``combined``, also with the requested host before or after the
client, or with a list of addresses.
"""

import re
from typing import NamedTuple

from common.addresses import read_address
from common.memoize import remembered
from producers.access_log import times, values
from producers.access_log.client import client_address, is_absent, is_name
from producers.access_log.request import Request, Unparsable

COMMON = "common"
COMBINED = "combined"
VHOST_COMMON = "vhost_common"
VHOST_COMBINED = "vhost_combined"
WITH_AGENT = {COMBINED: COMMON, VHOST_COMBINED: VHOST_COMMON}
"""A layout with referrer and agent, and the layout that a line truncated before them seems to have."""

NOT_A_LINE = Unparsable("not an access log line")
NO_TIME = Unparsable("no valid time")
NO_CLIENT = Unparsable("neither an address nor a name where the client should be")

_INSIDE_QUOTES = r'(?:[^"\\]|\\.)*+'
# The lengths of the first two groups are limited, so that matching takes time linear in the length of the line.
_LINE = re.compile(
    rf'(?P<origin>.{{3,1024}}?) \[(?P<time>[^\]]{{0,64}})\] "(?P<request>{_INSIDE_QUOTES})"'
    r" (?P<status>\d{3}|-) (?P<bytes>\d{1,15}|-)"
    # Servers often append more fields after the two quoted ones. "common" has neither.
    rf'(?: "(?P<referrer>{_INSIDE_QUOTES})" "(?P<agent>{_INSIDE_QUOTES})"(?P<more>(?: .*)?)| *)',
    re.DOTALL | re.ASCII,
)
_CLIENTS = re.compile(r'"(?P<quoted>[^"]*)"(?= )|(?P<plain>[^\s",]+(?:, ?[^\s",]+)*)(?= )', re.ASCII)
_IDENT_AND_USER = re.compile(r"(?P<ident>\S+) (?P<user>.+)", re.DOTALL | re.ASCII)
_HOST = re.compile(r"(?P<host>[A-Za-z0-9_*.-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::(?P<port>\d{1,5}))?", re.ASCII)
_FORWARDED = re.compile(r' "(?P<forwarded>(?:[^"\\]|\\.){3,1024}+)"(?: |$)', re.DOTALL | re.ASCII)
# A name without a port is a host only if ident and user follow it; elsewhere it may be a user such as "ann.lee".
_AFTER_CLIENT = re.compile(
    r"(?P<before_ident>(?=\S*?[.:])\S++) - \S.*|- (?P<with_port>\S+:\d{1,5}) \S+|- \S+ (?P<last>\S+:\d{1,5})",
    re.DOTALL | re.ASCII,
)
_SERVER_PORTS = ("80", "443")


class _Origin(NamedTuple):
    """The client and the requested host, both from the text before the time."""

    client: str
    site: values.Site | None


def parse_line(line: str) -> Request | Unparsable:
    """Parses a line of any of the four layouts; ``layout`` of the result names it."""
    found = _LINE.fullmatch(line)
    if found is None:
        return NOT_A_LINE
    origin = _parse_origin(found["origin"])
    if origin is None:
        return NO_CLIENT
    time_ms = times.ncsa_ms(found["time"])
    if time_ms is None:
        return NO_TIME
    request = values.text(found["request"])
    parts = values.request_line(request)
    target = values.split_target(parts.path) if parts.path else None
    site = origin.site or values.Site()
    if target is not None:
        site, parts = target[0], parts._replace(path=target[1])
    with_agent = found["agent"] is not None
    return Request(
        layout=_layout(with_host=origin.site is not None, with_agent=with_agent),
        time_ms=time_ms,
        address=client_address(origin.client, forwarded=_forwarded(found["more"])),
        request=request,
        method=parts.method,
        path=parts.path,
        protocol=parts.protocol,
        host=site.host,
        scheme=site.scheme,
        status=values.number(found["status"]),
        bytes=values.number(found["bytes"]),
        referrer=values.text(found["referrer"]),
        useragent=values.text(found["agent"]),
    )


def _layout(*, with_host: bool, with_agent: bool) -> str:
    if with_agent:
        return VHOST_COMBINED if with_host else COMBINED
    return VHOST_COMMON if with_host else COMMON


@remembered(4096)
def _parse_origin(text: str) -> _Origin | None:
    """Parses the text before the time: ``client ident user`` and perhaps the requested host. A user may have blanks."""
    first, rest = _split_client(text)
    second, after = _split_client(rest)
    if first and second and read_address(second) is not None and _IDENT_AND_USER.fullmatch(after):
        return _two_hosts(first, second)
    remaining = _IDENT_AND_USER.fullmatch(rest)
    if first is None or remaining is None:
        return None
    site_after = _site_after_client(rest)
    if read_address(first) is not None or (site_after is not None and is_absent(first)):
        return _Origin(first, site_after)
    # Without an address to recognise the client by, the rest must have exactly the form that servers write.
    if remaining["ident"] == "-" and _may_be_client(first):
        return _Origin(first, None)
    if second and _may_be_client(second) and ":" in first and after.startswith("- ") and len(after) > 2:
        site = _site(first)
        return _Origin(second, site) if site else None
    return None


def _two_hosts(first: str, second: str) -> _Origin | None:
    """For two fields before ident and user: a host and the client, a proxy and the client, or the client and a host."""
    host, last = _HOST.fullmatch(first), _HOST.fullmatch(second)
    if read_address(first) is not None and not (host and host["port"]):
        if last and last["port"] in _SERVER_PORTS:  # a client does not connect from a server's port
            return _Origin(first, _site(second))
        return _Origin(f"{first}, {second}", None)
    site = _site(first)
    return None if site is None else _Origin(second, site)


def _site_after_client(rest: str) -> values.Site | None:
    """The requested host, if it is among the fields after the client."""
    found = _AFTER_CLIENT.fullmatch(rest)
    if found is None:
        return None
    site = _site(found["before_ident"] or found["with_port"] or found["last"])
    return site if site is not None and site.host is not None else None


def _may_be_client(text: str) -> bool:
    return is_absent(text) or is_name(text)


def _split_client(text: str) -> tuple[str | None, str]:
    """The first field, which may be a list of addresses, and the rest."""
    found = _CLIENTS.match(text)
    if found is None:
        return None, ""
    return found["plain"] or found["quoted"] or "-", text[found.end() + 1 :]


def _site(text: str) -> values.Site | None:
    found = _HOST.fullmatch(text)
    return None if found is None else values.site(found["host"], port=found["port"])


def _forwarded(more: str | None) -> str | None:
    found = _FORWARDED.match(more) if more else None
    return values.text(found["forwarded"]) if found else None
