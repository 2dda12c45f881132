"""Names resolved to public addresses only, at every connection: a name that changes its mind gains nothing."""

import socket
from ipaddress import IPv4Address, ip_address

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from common.addresses import carried_ipv4
from lookup_service.sources.mmdb.city_database import public_address


class NotPublicError(OSError):
    """The name has an address inside; the message names neither."""


def is_public(text: str) -> bool:
    """Whether the service may connect to the address: one on the open internet, that carries no other in it, and is of
    no range set aside, for examples neither.
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
        """Raises NotPublicError where any of the addresses is not public, OSError where there is none."""
        found = await self._resolver.resolve(host, port, family)
        if not all(is_public(result["host"]) for result in found):
            raise NotPublicError("not a public address")
        return found

    async def close(self) -> None:
        await self._resolver.close()
