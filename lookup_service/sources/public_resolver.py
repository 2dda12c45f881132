"""Names resolved to public addresses only, at every connection: a name that changes its mind gains nothing."""

import socket
from ipaddress import IPv6Network, ip_address

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from lookup_service.sources.city_database import public_address

_TRANSLATED = IPv6Network("64:ff9b::/96")


class NotPublicError(OSError):
    """The name has an address inside; the message names neither."""


def is_public(text: str) -> bool:
    """Whether the address is on the open internet; those that carry another address in them are not."""
    address = public_address(text)
    if address is None or address.is_multicast:
        return False
    if address.version == 4:
        return True
    return address.sixtofour is None and address.teredo is None and address not in _TRANSLATED


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
