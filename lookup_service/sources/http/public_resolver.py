"""DNS resolver that accepts only public addresses. It checks every connection, which defeats DNS rebinding."""

import socket
from ipaddress import IPv4Address, ip_address

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from common.addresses import carried_ipv4
from lookup_service.sources.public_address import public_address


class NotPublicError(OSError):
    """The name resolves to an address that is not public. The message shows neither the name nor the address."""


def is_public(text: str) -> bool:
    """Whether the service may connect to the address: globally routable, not reserved (documentation ranges included),
    and without an embedded IPv4 address.
    """
    address = public_address(text)
    if address is None or not address.is_global:
        return False
    return isinstance(address, IPv4Address) or carried_ipv4(address) is None


def is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


class PublicResolver(AbstractResolver):
    def __init__(self) -> None:
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises NotPublicError if any of the addresses is not public, OSError if there is none."""
        found = await self._resolver.resolve(host, port, family)
        if not all(is_public(result["host"]) for result in found):
            raise NotPublicError("not a public address")
        return found

    async def close(self) -> None:
        await self._resolver.close()
