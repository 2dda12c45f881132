"""The client's address, from the fields of a log line."""

import re
from ipaddress import ip_address

from common.addresses import is_public, read_address

MAX_CHARACTERS = 64
"""Most characters of a client that is not an address, in the raw event."""
_NAME = re.compile(r"(?=.{1,253}$)(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})\.)*(?P<last>[A-Za-z0-9_-]{1,63})\.?", re.ASCII)
_ABSENT = frozenset({"", "-", "unix:", "unknown"})


def is_absent(text: str) -> bool:
    """Whether the field stands for no address: ``-``, or a socket of the same machine."""
    return text.strip('"') in _ABSENT


def is_name(text: str) -> bool:
    """Whether the text is a host name, as servers with reverse DNS log it. False for a part of an address."""
    found = _NAME.fullmatch(text)
    return found is not None and not found["last"].isdigit()


def client_address(text: str, *, forwarded: str | None = None) -> str | None:
    """The address in ``text`` if it is public, otherwise one in ``forwarded`` (from proxies), otherwise a private one.

    A client that is not an address is returned unchanged, so that the pipeline can report it as invalid. None if there
    is no client.
    """
    address = read_address(text)
    if forwarded and (address is None or not is_public(ip_address(address))):
        proxied = read_address(forwarded)
        if proxied is not None and (address is None or is_public(ip_address(proxied))):
            return proxied
    if address is not None:
        return address
    return None if is_absent(text) else text[:MAX_CHARACTERS]
