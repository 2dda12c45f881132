"""The addresses that the sources look up and that the service may connect to: public ones only."""

from ipaddress import IPv4Address, IPv6Address, ip_address

from common.addresses import is_public


def public_address(text: str) -> IPv4Address | IPv6Address | None:
    """The address to look up, an IPv4-mapped one as IPv4; None where the text is malformed or not a public address."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address if is_public(address) else None
