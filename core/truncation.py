"""Truncation: values made coarse, by one rule for each field. Pure.

Texts come from outside and may hold anything in any field. A code is therefore kept only where it looks like one.
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
"""What may name a person, in a decoded part. ``%`` is in it: a part that is encoded twice or wrongly is masked unread.
"""
_IDEOGRAPHIC_STOP = str.maketrans({"\u3002": "."})
"""It separates the labels of a host's name as a full stop does."""
_NUMBER_HOST = re.compile(r"(?:\A|\.)(?:[0-9]+|0[xX][0-9a-fA-F]*)\.?\Z")
"""Browsers take every host that ends in a number as an address: octal, hexadecimal, or one number alone."""
_URL = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]*)://(?:[^/?#]*@)?([^/?#@\s]+)([^?#]*)")
_PORT = re.compile(r":[0-9]{1,5}\Z")
_RELEASE = re.compile(r"[0-9]{1,6}(?:[._][0-9]{1,6})?")
MASK = "-"
"""Stands for a value that could name a person or a machine: a reader sees that there was one."""


@remembered(_MANY, longest=64)
def network(address: str) -> str | None:
    """The /24 or /48 of an address, written as its first address: ``81.2.69.0``. For an IPv6 address that carries an
    IPv4 address (mapped, 6to4, Teredo, NAT64) it is the /24 of that. None for a text that is no address: the statuses
    of the enrichments say that there was one.
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
    """Scheme, host and path. Parts of the path that hold an ``@``, an address, a space or parameters are masked. A text
    that is no web address is masked as a whole.
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
    """A host's name; the mask where the host is an address."""
    name = _PORT.sub("", _plain(host))
    is_personal = name.startswith("[") or _PERSONAL.search(name) or _NUMBER_HOST.search(name)
    return _masked(host) if is_personal else host


def _plain(text: str) -> str:
    """As a browser or a person reads it: percent-decoded, with full-width digits and signs as the usual ones."""
    if "%" in text:
        text = unquote(text)
    return text if text.isascii() else normalize("NFKC", text).translate(_IDEOGRAPHIC_STOP)


@remembered(_MANY, longest=64)
def code(text: str) -> str | None:
    """The text where it looks like a code: one word, with neither an ``@`` nor an address in it; else the mask. Several
    words are masked because no rule distinguishes ``Black Friday`` from ``Anna Schmidt``.
    """
    return text if _CODE.fullmatch(text if text.isascii() else normalize("NFKC", text)) else _masked(text)


@remembered(_MANY, longest=64)
def label(text: str) -> str | None:
    """As :func:`code`, but of several words: for names that come from rules, such as a browser's."""
    plain = text if text.isascii() else normalize("NFKC", text)
    return text if all(_CODE.fullmatch(word) for word in plain.split(" ")) else _masked(text)


def release(version: str) -> str | None:
    """The first two numbers of a version, the mask for one without."""
    found = _RELEASE.match(version)
    return _masked(version) if found is None else found[0]


def _masked(text: str) -> str | None:
    """The mask; None for a blank text."""
    return MASK if text.strip() else None


def month(tstamp: int) -> int:
    """The first moment of the month (UTC), in ms since 1970: it tells an account's age to a month."""
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
