"""Reads the IP address from a text of a log, an event or a request, and gives it in canonical form."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from common.address_text import Address, addresses_in, parsed
from common.memoize import remembered

_MANY = 65_536
_MOST_REMEMBERED = 128
"""The longest text that is cached. An address with port, brackets and zone fits; longer texts are lists, or hostile."""

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
"""Loopback, unspecified, link-local, site-local, unique local, discard-only and multicast addresses."""
_TRANSLATED = IPv6Network("64:ff9b::/96")
_COMPATIBLE = IPv6Network("::/96")


def is_public(address: Address) -> bool:
    """Whether the address can be a host on the internet.

    Documentation ranges count as public, because examples use them as addresses of visitors.
    """
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_V4)
    carried = carried_ipv4(address)
    if carried is not None:
        return is_public(carried)
    return not any(address in network for network in _NOT_PUBLIC_V6)


def carried_ipv4(address: IPv6Address) -> IPv4Address | None:
    """The host's IPv4 address if the IPv6 address contains one: IPv4-mapped, IPv4-compatible, 6to4, Teredo, NAT64."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _TRANSLATED or (address in _COMPATIBLE and int(address) > 0xFFFF):  # :: and ::1 are below
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


@remembered(_MANY, longest=_MOST_REMEMBERED)
def read_address(text: str) -> str | None:
    """The address in canonical form. Of several addresses the first public one, else the first. None without one."""
    alone = parsed(text)
    if alone is not None:
        return str(alone)
    first: Address | None = None
    for address in addresses_in(text):
        if is_public(address):
            return str(address)
        first = first or address
    return None if first is None else str(first)
