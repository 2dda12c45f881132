"""Finds the IP addresses in a text as logs, proxies and producers write it.

Accepted around an address: ports, brackets, zones, prefix lengths, lists, the syntax of the header Forwarded (RFC
7239), quotes and brackets of printed lists, percent-encoding, invisible characters. Forms that other parsers read as
different addresses (octal, hexadecimal, a single number) are not accepted, nor is an address with other text directly
beside it.
"""

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import unquote_plus

Address = IPv4Address | IPv6Address

_MOST_PARTS = 64
_LONGEST_PART = 128
_MOST_CHARACTERS = _MOST_PARTS * _LONGEST_PART
_DEEPEST = 2
"""How often a text may be percent-encoded."""
_SEPARATORS = r"\s,;|\\\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
"""The backslash escapes quotes, blanks and commas."""
_PART = re.compile(f"[^{_SEPARATORS}]+")
_AROUND = "\"'`<>(){}+"
"""A plus stands for a blank in a query and in logs of IIS."""
_LIST = re.compile(rf"[{_SEPARATORS}]*\[((?:[^\[\]]|\[[^\[\]]*\])*)\][{_SEPARATORS}]*")
"""Matches a list only if its brackets are balanced, so that an IPv6 address keeps its own brackets."""
_LIST_CUT = re.compile(rf"[{_SEPARATORS}]*\[(?=[^\]{_SEPARATORS}]*[{_SEPARATORS}])")
_PORT = re.compile(r":(?:([0-9]{1,5})|_[A-Za-z0-9._-]+)?$")
"""Also the obfuscated port of RFC 7239, and a colon without a port."""
_MOST_PORT = 65_535
_PREFIX = re.compile(r"/([0-9]{1,3})$")
_LIST_AS_ZONE = re.compile(r"%(?:2c|3b|20|7c)[^%]*[.:][^%]*[.:]", re.IGNORECASE)


def addresses_in(text: str, depth: int = _DEEPEST) -> Iterator[Address]:
    """The addresses in the order of the text, up to 64 parts and 8,192 characters."""
    if depth and text[:3].lower() == "%5b":  # an encoded bracket encloses the whole text
        yield from addresses_in(unquote_plus(text), depth - 1)
        return
    if "[" in text and len(text) <= _MOST_CHARACTERS and (listed := _LIST.fullmatch(text)) is not None:
        text = listed[1]
    cut = _LIST_CUT.match(text)
    start = 0 if cut is None else cut.end()
    # A part that touches the limit may be cut off, so it is not read as an address.
    for number, found in enumerate(_PART.finditer(text, start, _MOST_CHARACTERS)):
        if number == _MOST_PARTS or (found.end() == _MOST_CHARACTERS < len(text)):
            return
        part = found[0]
        address = _of_part(part)
        if address is not None:
            yield address
        elif depth and "%" in part and (decoded := unquote_plus(part)) != part:
            yield from addresses_in(decoded, depth - 1)


def parsed(text: str) -> Address | None:
    """The text as an address, without its zone; an IPv4-mapped address as IPv4. None if it is not an address."""
    if len(text) > _LONGEST_PART:
        return None
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv4Address):
        return address
    if address.scope_id is not None and _LIST_AS_ZONE.search(text) is not None:
        return None
    return address.ipv4_mapped or IPv6Address(int(address))


def _of_part(part: str) -> Address | None:
    if len(part) > _LONGEST_PART:
        return None
    name, is_pair, value = part.strip(_AROUND).partition("=")
    if is_pair and name.lower() != "for":
        return None
    part = (value.strip(_AROUND) if is_pair else name).removesuffix(".").rstrip(_AROUND)
    if part.startswith("["):
        inside, closed, after = part[1:].partition("]")
        is_whole = closed and (not after or _is_port(after))
        return _before_prefix(inside.strip(_AROUND)) if is_whole else None
    return _before_prefix(part) or _before_port(part)


def _before_prefix(part: str) -> Address | None:
    """An address, perhaps with a prefix length. A network's first address names the network, not a host: None."""
    prefix = _PREFIX.search(part)
    if prefix is None:
        return parsed(part)
    text = part[: prefix.start()]
    address, rest = parsed(text), (128 if ":" in text else 32) - int(prefix[1])
    if address is None or rest < 0:
        return None
    return address if rest == 0 or int(address) & ((1 << rest) - 1) else None


def _before_port(part: str) -> Address | None:
    port = _PORT.search(part)
    if port is None or not _is_port(port[0]) or part[: port.start()].endswith(":"):
        return None
    return parsed(part[: port.start()])


def _is_port(text: str) -> bool:
    found = _PORT.match(text)
    return found is not None and int(found[1] or 0) <= _MOST_PORT
