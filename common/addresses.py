"""The one reader of addresses: what logs, events and callers of the service write, as one canonical text.

People write addresses with ports, brackets and zones, several in a row as proxies add them, and in the form of the
header Forwarded (RFC 7239). A form that another reader would take for another address (octal, hexadecimal, one number)
is none.
"""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from common.remembered import remembered

Address = IPv4Address | IPv6Address

_MANY = 65_536
_MOST_REMEMBERED = 128
"""Longest text that is remembered: an address with all its trimmings fits; longer ones are lists, or hostile."""
_MOST_PARTS = 64
_LONGEST_PART = 128
_MOST_CHARACTERS = _MOST_PARTS * _LONGEST_PART
_PART = re.compile(r"[^\s,;\ufeff]+")
_AROUND = "\"'<>"
_PORT = re.compile(r":(?:([0-9]{1,5})|_[A-Za-z0-9._-]+)?$")
"""Also the obfuscated port of RFC 7239, and none after the colon."""
_MOST_PORT = 65_535

_NOT_PUBLIC_V4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "224.0.0.0/3",  # multicast and reserved
        ),
    )
)
_NOT_PUBLIC_V6 = tuple(
    map(IPv6Network, ("::/8", "64:ff9b:1::/48", "100::/64", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"))
)
"""Loopback, unspecified, local to a link, site or organisation, discarded, multicast."""
_TRANSLATED = IPv6Network("64:ff9b::/96")
_COMPATIBLE = IPv6Network("::/96")


def is_public(address: Address) -> bool:
    """Whether it is a host's on the internet. Documentation's ranges count: who writes examples writes visitors."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_V4)
    carried = carried_ipv4(address)
    if carried is not None:
        return is_public(carried)
    return not any(address in network for network in _NOT_PUBLIC_V6)


def carried_ipv4(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address of the host behind: mapped, IPv4-compatible, 6to4, Teredo's client, NAT64."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _TRANSLATED or (address in _COMPATIBLE and int(address) > 0xFFFF):  # below are :: and ::1
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


@remembered(_MANY, longest=_MOST_REMEMBERED)
def read_address(text: str) -> str | None:
    """The address in canonical text; of several the first public one, else the first. None where none can be read."""
    alone = _parsed(text) if len(text) <= _LONGEST_PART else None
    if alone is not None:
        return str(alone)
    first: Address | None = None
    # A part that the limit may have cut is no address any more: the text goes on to the limit's next blank.
    for number, found in enumerate(_PART.finditer(text, 0, _MOST_CHARACTERS)):
        if number == _MOST_PARTS or (found.end() == _MOST_CHARACTERS < len(text)):
            break
        address = _of_part(found[0])
        if address is None:
            continue
        if is_public(address):
            return str(address)
        first = first or address
    return None if first is None else str(first)


def _of_part(part: str) -> Address | None:
    if len(part) > _LONGEST_PART:
        return None
    name, is_pair, value = part.strip(_AROUND).partition("=")
    if is_pair and name.lower() != "for":
        return None
    part = value.strip(_AROUND) if is_pair else name
    if part.startswith("["):
        inside, closed, after = part[1:].partition("]")
        return _parsed(inside) if closed and (not after or _is_port(after)) else None
    return _parsed(part) or _before_port(part)


def _before_port(part: str) -> Address | None:
    port = _PORT.search(part)
    if port is None or not _is_port(port[0]) or part[: port.start()].endswith(":"):
        return None
    return _parsed(part[: port.start()])


def _is_port(text: str) -> bool:
    found = _PORT.match(text)
    return found is not None and int(found[1] or 0) <= _MOST_PORT


def _parsed(text: str) -> Address | None:
    """Without zone; an IPv4-mapped one as IPv4."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv4Address):
        return address
    return address.ipv4_mapped or IPv6Address(int(address))
