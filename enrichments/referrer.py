"""Where a visit came from, told from the referring page's address: kind of site, which one, what was searched."""

import re
from collections.abc import Collection

from contracts.lookup import Referrer
from enrichments.referring_sites import SITES, Site
from enrichments.text import decoded, well_formed

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
_NATIONAL_END = re.compile(r"\.(?:com|(?:com?\.)?[a-z]{2})$")
"""What ``.*`` stands for in the table: ``.com``, ``.de``, ``.co.uk``, ``.com.br``."""
_AD_CLICK_PATHS = ("/aclk", "/pagead/aclk")
"""On search engines' own hosts: the step between an advertisement and its page."""


def parse_referrer(address: str, *, internal_hosts: Collection[str] = ()) -> Referrer | None:
    """None where it is not the address of a page on some host.

    ``internal_hosts`` are the site's own, in small letters; their subdomains are internal, too. A host that is not in
    the table has the medium ``unknown`` and no source.
    """
    found = _ADDRESS.match(well_formed(address))
    if found is None:
        return None
    host = found["host"].lower().rstrip(".")
    if not host or len(host) > _MOST_HOST_CHARACTERS:
        return None
    if any(host == own or host.endswith(f".{own}") for own in internal_hosts):
        return Referrer(refr_urlhost=host, refr_medium="internal")
    site = _site(host)
    if site is None:
        return Referrer(refr_urlhost=host, refr_medium="unknown")
    if site.medium != "search":
        return Referrer(refr_urlhost=host, refr_medium=site.medium, refr_source=site.source)
    return Referrer(
        refr_urlhost=host,
        refr_medium="paid" if found["path"].startswith(_AD_CLICK_PATHS) else "search",
        refr_source=site.source,
        refr_term=_term(found["query"], site.term_parameters),
    )


def _site(host: str) -> Site | None:
    """The site of the longest end of the host that is in the table."""
    national = _NATIONAL_END.search(host)
    stem_ends = len(host) if national is None else national.start()
    start = 0
    while start >= 0:
        site = SITES.get(host[start:])
        if site is None and start < stem_ends:
            site = SITES.get(host[start:stem_ends] + ".*")
        if site is not None:
            return site
        start = host.find(".", start) + 1 or -1
    return None


def _term(query: str | None, parameters: tuple[str, ...]) -> str | None:
    if not query:
        return None
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if name in parameters:
            term = decoded(value)
            if term is not None:
                return term
    return None
