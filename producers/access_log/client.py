"""Who asked, as a log's field for it says."""

import re
from ipaddress import ip_address

from common.addresses import is_public, read_address

LONGEST = 64
"""Characters of a client that is no address, in the raw event."""
_NAME = re.compile(r"(?=.{1,253}$)(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})\.)*(?P<last>[A-Za-z0-9_-]{1,63})\.?", re.ASCII)
_ABSENT = frozenset({"", "-", "unix:", "unknown"})


def is_absent(text: str) -> bool:
    """Whether the field says that there is none: ``-``, or a socket of the same machine."""
    return text.strip('"') in _ABSENT


def is_name(text: str) -> bool:
    """A host's name, as servers log it that look addresses up; never what might be half an address."""
    found = _NAME.fullmatch(text)
    return found is not None and not found["last"].isdigit()


def client_address(text: str, *, forwarded: str | None = None) -> str | None:
    """The first public address of ``text``, else of ``forwarded`` (what proxies say), else the one there is.

    A client that is no address stays as it is: the pipeline says of it that it cannot be used. None where there is
    none.
    """
    address = read_address(text)
    if forwarded and (address is None or not is_public(ip_address(address))):
        behind = read_address(forwarded)
        if behind is not None and (address is None or is_public(ip_address(behind))):
            return behind
    if address is not None:
        return address
    return None if is_absent(text) else text[:LONGEST]
