"""Access logs of AWS load balancers: the application one's, and the classic one's, which has no field for the type."""

import re

from common.addresses import read_address
from producers.access_log import times, values
from producers.access_log.client import client_address, is_absent
from producers.access_log.request import Request, Unparsable

NAME = "alb"
NOT_A_LINE = Unparsable("not a load balancer's access log line")
_SECONDS = r"-?\d{1,9}(?:\.\d{1,9})?"
_INSIDE_QUOTES = r'(?:[^"\\]|\\.)*+'
_LINE = re.compile(
    r"(?:(?P<type>[a-z0-9]{2,8}) )?(?P<time>\d{4}-\d\d-\d\dT\S{8,24}) \S{1,256} (?P<client>\S{1,128}) \S{1,128}"
    rf"(?: (?:{_SECONDS}|-)){{3}} (?P<status>\d{{3}}|-) (?:\d{{3}}|-) (?:\d{{1,15}}|-) (?P<bytes>\d{{1,15}}|-)"
    rf' "(?P<request>{_INSIDE_QUOTES})" "(?P<agent>{_INSIDE_QUOTES})"(?: .*)?',
    re.DOTALL | re.ASCII,
)
_REQUEST = re.compile(r"(?P<method>\S{1,32}) (?P<target>\S.*?) (?P<protocol>\S{1,16}) ?", re.DOTALL)


def parse_line(line: str) -> Request | Unparsable:
    found = _LINE.fullmatch(line)
    if found is None:
        return NOT_A_LINE
    time_ms = times.iso_ms(found["time"])
    if time_ms is None:
        return Unparsable("no valid time")
    client = _without_port(found["client"])
    if read_address(client) is None and not is_absent(client):
        return Unparsable("no address where the client should be")
    request = values.text(found["request"])
    # "- http://host:80- -" stands for a request that was not HTTP.
    parts = _REQUEST.fullmatch(request or "")
    target = values.split_target(parts["target"]) if parts and parts["method"] != "-" else None
    site, path = target or (values.Site(), None)
    return Request(
        layout=NAME,
        time_ms=time_ms,
        address=client_address(client),
        request=request,
        method=parts["method"] if parts and path else None,
        path=path,
        protocol=parts["protocol"] if parts and path else None,
        host=site.host,
        scheme=site.scheme,
        status=values.number(found["status"]),
        bytes=values.number(found["bytes"]),
        referrer=None,
        useragent=values.text(found["agent"]),
    )


def _without_port(client: str) -> str:
    """The load balancer always writes a port, also after an IPv6 address without brackets."""
    address, colon, port = client.rpartition(":")
    plain = colon and port.isdigit() and not address.startswith("[") and read_address(address) is not None
    return address if plain else client
