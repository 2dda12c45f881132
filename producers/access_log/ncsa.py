"""The layouts of Apache and nginx: ``common``, ``combined``, and both with the host asked before or after the client,
or with a list of addresses.
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
"""A layout with referrer and agent, and what is left of it where a line was cut off before them."""

NO_LINE = Unparsable("not an access log line")
NO_TIME = Unparsable("no valid time")
NO_CLIENT = Unparsable("neither an address nor a name where the client should be")

_INSIDE_QUOTES = r'(?:[^"\\]|\\.)*+'
# What is before the time and the time itself have limits, so that no line takes longer than its length allows.
_LINE = re.compile(
    rf'(?P<who>.{{3,1024}}?) \[(?P<time>[^\]]{{0,64}})\] "(?P<request>{_INSIDE_QUOTES})"'
    r" (?P<status>\d{3}|-) (?P<bytes>\d{1,15}|-)"
    # After the two quoted fields servers often append more; in "common" they are missing.
    rf'(?: "(?P<referrer>{_INSIDE_QUOTES})" "(?P<agent>{_INSIDE_QUOTES})"(?P<more>(?: .*)?)| *)',
    re.DOTALL | re.ASCII,
)
_CLIENTS = re.compile(r'"(?P<quoted>[^"]*)"(?= )|(?P<plain>[^\s",]+(?:, ?[^\s",]+)*)(?= )', re.ASCII)
_IDENT_AND_USER = re.compile(r"(?P<ident>\S+) (?P<user>.+)", re.DOTALL | re.ASCII)
_HOST = re.compile(r"(?P<host>[A-Za-z0-9_*.-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::(?P<port>\d{1,5}))?", re.ASCII)
_FORWARDED = re.compile(r' "(?P<forwarded>(?:[^"\\]|\\.){3,1024}+)"(?: |$)', re.DOTALL | re.ASCII)
# Without a port it is only a host where ident and user come after it: elsewhere it may be a user, "ann.lee".
_AFTER_CLIENT = re.compile(
    r"(?P<asked>(?=\S*?[.:])\S++) - \S.*|- (?P<with_port>\S+:\d{1,5}) \S+|- \S+ (?P<last>\S+:\d{1,5})",
    re.DOTALL | re.ASCII,
)
_PORTS_ASKED = ("80", "443")


class _Who(NamedTuple):
    client: str
    site: values.Site | None


def parse_line(line: str) -> Request | Unparsable:
    """A line of any of the four layouts; which of them is the result's ``layout``."""
    found = _LINE.fullmatch(line)
    if found is None:
        return NO_LINE
    who = _who(found["who"])
    if who is None:
        return NO_CLIENT
    time_ms = times.ncsa_ms(found["time"])
    if time_ms is None:
        return NO_TIME
    request = values.text(found["request"])
    asked = values.request_line(request)
    target = values.split_target(asked.path) if asked.path else None
    site = who.site or values.Site()
    if target is not None:
        site, asked = target[0], asked._replace(path=target[1])
    with_agent = found["agent"] is not None
    return Request(
        layout=_name(with_host=who.site is not None, with_agent=with_agent),
        time_ms=time_ms,
        address=client_address(who.client, forwarded=_forwarded(found["more"])),
        request=request,
        method=asked.method,
        path=asked.path,
        protocol=asked.protocol,
        host=site.host,
        scheme=site.scheme,
        status=values.number(found["status"]),
        bytes=values.number(found["bytes"]),
        referrer=values.text(found["referrer"]),
        useragent=values.text(found["agent"]),
    )


def _name(*, with_host: bool, with_agent: bool) -> str:
    if with_agent:
        return VHOST_COMBINED if with_host else COMBINED
    return VHOST_COMMON if with_host else COMMON


@remembered(4096)
def _who(text: str) -> _Who | None:
    """What is before the time: ``client ident user``, before that perhaps the host asked. A user may hold blanks."""
    first, rest = _clients(text)
    second, after = _clients(rest)
    if first and second and read_address(second) is not None and _IDENT_AND_USER.fullmatch(after):
        return _behind(first, second)
    remaining = _IDENT_AND_USER.fullmatch(rest)
    if first is None or remaining is None:
        return None
    behind = _site_behind(rest)
    if read_address(first) is not None or (behind is not None and is_absent(first)):
        return _Who(first, behind)
    # From here on there is no address to hold on to, so the rest must be as servers write it.
    if remaining["ident"] == "-" and _may_be_client(first):
        return _Who(first, None)
    if second and _may_be_client(second) and ":" in first and after.startswith("- ") and len(after) > 2:
        site = _site(first)
        return _Who(second, site) if site else None
    return None


def _behind(first: str, client: str) -> _Who | None:
    """``first`` is the host asked, or the address of a proxy; or of the client, before the host asked."""
    host, last = _HOST.fullmatch(first), _HOST.fullmatch(client)
    if read_address(first) is not None and not (host and host["port"]):
        if last and last["port"] in _PORTS_ASKED:  # no client's
            return _Who(first, _site(client))
        return _Who(f"{first}, {client}", None)
    site = _site(first)
    return None if site is None else _Who(client, site)


def _site_behind(rest: str) -> values.Site | None:
    """The host asked, where it is among what comes after the client."""
    found = _AFTER_CLIENT.fullmatch(rest)
    if found is None:
        return None
    site = _site(found["asked"] or found["with_port"] or found["last"])
    return site if site is not None and site.host is not None else None


def _may_be_client(text: str) -> bool:
    return is_absent(text) or is_name(text)


def _clients(text: str) -> tuple[str | None, str]:
    """The first field (a list of addresses is one), and what comes after it."""
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
