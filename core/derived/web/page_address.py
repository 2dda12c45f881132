"""Addresses of pages: whether a text is one, its parts, its site."""

import re
from functools import lru_cache
from typing import NamedTuple

from core.derived.web.text import well_formed

_ADDRESS = re.compile(
    r"\s*(?P<scheme>[a-z][a-z0-9+.-]*)://"
    r"(?:[^/?#]*@)?"
    r"(?P<host>\[[0-9a-f:.]+\]|[^\s/?#@:\[\]\\%<>\"'|^`{}\x00-\x20]+)"
    r"(?::\d*)?(?=[/?#]|\s*$)"
    r"(?P<path>[^?#]*)"
    r"(?:\?(?P<query>[^#]*))?",
    re.IGNORECASE,
)
_MOST_HOST_CHARACTERS = 253
_MANY = 65_536
LONGEST_REMEMBERED = 300
"""Characters of the longest beginning of an address that is remembered: no host is longer."""
_USUAL = ("https://", "http://")
_BEHIND_SCHEME = len("https://")
"""Of the longer of the two: with the shorter one the beginning may become longer, which does no harm."""
_WWW = "www."
_AMPERSAND = re.compile(r"&(?:amp;)*", re.IGNORECASE)
"""Also as HTML writes it: links are copied from a page's source."""
_IN_QUERY = re.compile(r"(?<=[?#]).+", re.DOTALL)


class Page(NamedTuple):
    host: str
    path: str
    query: str


def read_page(address: str) -> Page | None:
    """None where it is not the address of a page on some host."""
    found = _ADDRESS.match(well_formed(address))
    if found is None:
        return None
    host = found["host"].lower().rstrip(".")
    if not host or len(host) > _MOST_HOST_CHARACTERS:
        return None
    return Page(host, found["path"], found["query"] or "")


def site_of(address: str) -> str | None:
    """The host without ``www.``: pages with the same one are on the same site. None as for :func:`read_page`."""
    start = beginning(address)
    return _site(start) if len(start) <= LONGEST_REMEMBERED else _site_of(start)


def beginning(address: str) -> str:
    """The address up to its host and the slash after it, found without parsing. Addresses with the same beginning have
    the same site, or have none for the same reason.
    """
    if address.startswith(_USUAL):
        end = address.find("/", _BEHIND_SCHEME)
    else:  # an application's scheme, of any length, or blanks in front
        mark = address.find("://")
        end = -1 if mark < 0 else address.find("/", mark + 3)
    return address[: end + 1] if end >= 0 else _IN_QUERY.sub("", address)


def _site_of(start: str) -> str | None:
    page = read_page(start)
    return None if page is None else page.host.removeprefix(_WWW)


_site = lru_cache(_MANY)(_site_of)


def query_parts(query: str) -> list[str]:
    """The ``name=value`` of a query, not decoded."""
    return _AMPERSAND.split(query) if ";" in query else query.split("&")
