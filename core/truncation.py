"""Truncation: what is left of a value that may only be seen coarsely. Pure; one rule per field.

Texts come from the outside and may hold anything in any field, so that a code is kept only where it looks like one.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from ipaddress import IPv6Address, ip_address, ip_network
from types import MappingProxyType
from typing import Any
from unicodedata import normalize
from urllib.parse import unquote

from common.addresses import carried_ipv4, read_address
from common.memoize import remembered
from contracts.purposes.truncated_fields import TRUNCATED_BY, Rule

_V4_PREFIX, _V6_PREFIX = 24, 48
_MANY = 65_536
_ADDRESS_V4 = r"(?<![0-9])(?:[0-9]{1,3}[.\-_]){3}[0-9]{1,3}(?![0-9])"
_ADDRESS_V6 = r"[0-9a-fA-F]{0,4}:[0-9a-fA-F]{0,4}:[0-9a-fA-F:.]*"
_CODE = re.compile(rf"(?!.*(?:{_ADDRESS_V4}|{_ADDRESS_V6}))[\w][\w.,+/|:&-]{{0,63}}")
_PERSONAL = re.compile(rf"[@;?#%\s\x00-\x1f\x7f\ufffd]|{_ADDRESS_V4}|{_ADDRESS_V6}")
"""In a part as it reads when it is decoded. What is encoded twice, or cannot be decoded, is not looked into."""
_IDEOGRAPHIC_STOP = str.maketrans({"\u3002": "."})
"""Separates a host's names as a full stop does."""
_NUMBER_HOST = re.compile(r"(?:\A|\.)(?:[0-9]+|0[xX][0-9a-fA-F]*)\.?\Z")
"""A host that ends in a number is an address for every browser, octal, hexadecimal or a single number."""
_URL = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]*)://(?:[^/?#]*@)?([^/?#@\s]+)([^?#]*)")
_PORT = re.compile(r":[0-9]{1,5}\Z")
_RELEASE = re.compile(r"[0-9]{1,6}(?:[._][0-9]{1,6})?")
MASK = "-"
"""In the place of what could name a person or a machine, so that one sees that there was something."""


@remembered(_MANY, longest=64)
def network(address: str) -> str | None:
    """The /24 or /48 that an address is in, written as its first address: ``81.2.69.0``. An IPv6 address that carries
    an IPv4 one (mapped, 6to4, Teredo, NAT64) gives that one's. None for what is no address: the enrichments' statuses
    say so.
    """
    canonical = read_address(address)
    if canonical is None:
        return None
    parsed = ip_address(canonical)
    carried = carried_ipv4(parsed) if isinstance(parsed, IPv6Address) else parsed
    if carried is None:
        return str(ip_network((int(parsed), _V6_PREFIX), strict=False).network_address)
    return str(ip_network((int(carried), _V4_PREFIX), strict=False).network_address)


def tenth(degrees: float) -> float:
    """A coordinate to 0.1 degrees, 11 km at the most."""
    return round(degrees, 1)


def page(address: str) -> str | None:
    """Scheme, host and path; parts that hold an ``@``, an address, a space or parameters are masked, and the whole of
    what is no web address.
    """
    return _without_query(address.partition("?")[0].partition("#")[0])


@remembered(_MANY)
def _without_query(address: str) -> str | None:
    found = _URL.match(address)
    if found is None:
        return _masked(address)
    scheme, host, path = found.groups()
    if _PERSONAL.search(_plain(path)):
        path = "/".join(MASK if _PERSONAL.search(_plain(part)) else part for part in path.split("/"))
    return f"{scheme}://{site(host)}{path}"


def site(host: str) -> str | None:
    """A host's name; the mask for one that is an address itself."""
    name = _PORT.sub("", _plain(host))
    is_personal = name.startswith("[") or _PERSONAL.search(name) or _NUMBER_HOST.search(name)
    return _masked(host) if is_personal else host


def _plain(text: str) -> str:
    """As a browser or a person reads it: percent-decoded, digits and signs of full width as the usual ones."""
    if "%" in text:
        text = unquote(text)
    return text if text.isascii() else normalize("NFKC", text).translate(_IDEOGRAPHIC_STOP)


@remembered(_MANY, longest=64)
def code(text: str) -> str | None:
    """The text where it looks like a code: one word, with neither an ``@`` nor an address in it; else the mask. Several
    words are masked, too: no rule tells ``Black Friday`` from ``Anna Schmidt``.
    """
    return text if _CODE.fullmatch(text if text.isascii() else normalize("NFKC", text)) else _masked(text)


@remembered(_MANY, longest=64)
def label(text: str) -> str | None:
    """As a code, of several words: for what rules found in a text, such as a browser's name."""
    plain = text if text.isascii() else normalize("NFKC", text)
    return text if all(_CODE.fullmatch(word) for word in plain.split(" ")) else _masked(text)


def release(version: str) -> str | None:
    """The first two numbers of a version, the mask for one without."""
    found = _RELEASE.match(version)
    return _masked(version) if found is None else found[0]


def _masked(text: str) -> str | None:
    """None where there was nothing."""
    return MASK if text.strip() else None


def month(tstamp: int) -> int:
    """The first moment of the month (UTC): how old an account is, in ranges of a month."""
    at = datetime.fromtimestamp(tstamp / 1000, UTC)
    return int(datetime(at.year, at.month, 1, tzinfo=UTC).timestamp() * 1000)


_RULES: Mapping[Rule, Callable[[Any], Any]] = MappingProxyType(
    {
        "network": network,
        "tenth": tenth,
        "page": page,
        "site": site,
        "month": month,
        "release": release,
        "code": code,
        "label": label,
    }
)
TRUNCATIONS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {name: _RULES[rule] for name, rule in TRUNCATED_BY.items()}
)
"""Field to the function that truncates its value; the function returns None where nothing of the value may stay."""
