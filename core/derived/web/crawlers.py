"""Crawlers by their user agents: the patterns of the package crawler-user-agents, without people's applications."""

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import msgspec
from ua_parser_rs import UserAgentExtractor

from core.derived.web.text import well_formed

_AROUND_A_NAME = " /^$();:-_.+\\"


_MESSENGERS = frozenset({"WhatsApp", "Viber", "MetaIAB Facebook"})
"""Patterns of applications that fetch previews and open pages for people under the same name."""
_LIBRARIES = frozenset(
    {
        "okhttp",
        "axios",
        "aiohttp",
        "AHC\\/",
        "^Apache-HttpClient",
        "HttpUrlConnection",
        "CustomAsyncHttpClient",
        "node-fetch",
    }
)
"""Patterns of HTTP libraries that applications use, too."""
# These expressions must run in linear time: `\([^)]*` would not on "((((", for it starts again at every character.
_PERSONS_SYSTEM = re.compile(
    r"\([^()]*\b(?:Android|iOS|iPhone|iPad|iPod|HarmonyOS|Windows|Macintosh|Mac OS X|macOS|X11|CrOS)\b"
)
_TELEPHONE = re.compile(r"\b(?:Android|iOS|iPhone|iPad|iPod|iPadOS|HarmonyOS)\b")
_BRACKETS = re.compile(r"\([^()]*\)")
_PRODUCT = re.compile(r"(?:^|\s)([A-Za-z][\w.-]*)[/ ]v?[0-9]")
_NO_APPLICATIONS = frozenset({"android", "ios", "iphone", "ipad", "ipod", "ipados", "os", "harmonyos"})
"""Systems and devices: they are written with a version, as products are."""
_SAYS_SO = re.compile(r"bot\b|crawler|spider|compatible;|https?:|www\.|@", re.IGNORECASE)
"""Words by which crawlers name themselves. Words in names of people's applications are left out: scanner, monitor,
preview."""


class Crawler(NamedTuple):
    name: str | None
    """Such as ``Googlebot``, None where the user agent is not known as a crawler's."""
    is_person: bool = False
    """The list has a pattern for it, but it is an application on a person's device."""


def read_crawler(user_agent: str) -> Crawler:
    """One name for each pattern: a pattern that matches varying texts is named after its first example."""
    text = well_formed(user_agent)
    found = _matcher(is_whole=True).extract(text)
    if found is None:
        return Crawler(None)
    if not _is_application(found.family, text):
        return Crawler(found.family)
    other = _matcher(is_whole=False).extract(text)
    return Crawler(None, is_person=True) if other is None else Crawler(other.family)


def crawler_name(user_agent: str) -> str | None:
    """See :class:`Crawler`."""
    return read_crawler(user_agent).name


def _is_application(name: str, text: str) -> bool:
    """Whether a user agent that fits the list is an application on a person's device: a messenger that names its
    system, or an application that names itself and a telephone beside its HTTP library.
    """
    messengers, libraries = _application_names()
    if _SAYS_SO.search(text):
        return False
    if name in messengers:
        return _PERSONS_SYSTEM.search(text) is not None
    if name not in libraries or _TELEPHONE.search(text) is None:
        return False
    products = {product.lower() for product in _PRODUCT.findall(_BRACKETS.sub(" ", text))}
    return not products <= _NO_APPLICATIONS | {library.lower() for library in libraries}


@cache
def _application_names() -> tuple[frozenset[str], frozenset[str]]:
    def names(patterns: frozenset[str]) -> frozenset[str]:
        return frozenset(_name(each.pattern, each.instances) for each in _entries() if each.pattern in patterns)

    return names(_MESSENGERS), names(_LIBRARIES)


@cache
def _matcher(*, is_whole: bool) -> UserAgentExtractor:
    """For all patterns, or for those that are not applications'."""
    # ua-parser's matcher filters by the literals of all patterns, then tries the few that can match. One regular
    # expression of all patterns takes hundreds of times as long in Python.
    left_out = frozenset() if is_whole else _MESSENGERS | _LIBRARIES
    return UserAgentExtractor(
        (entry.pattern, _name(entry.pattern, entry.instances), None, None, None, None)
        for entry in _entries()
        if entry.pattern not in left_out
    )


class _Entry(msgspec.Struct):
    pattern: str
    instances: list[str]


@cache
def _entries() -> list[_Entry]:
    # The package is not imported: it would read its file in the locale's encoding, which inside a JVM may be ASCII.
    package = find_spec("crawleruseragents")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("crawler-user-agents is not installed")
    return msgspec.json.decode(
        Path(package.origin).with_name("crawler-user-agents.json").read_bytes(), type=list[_Entry]
    )


def _name(pattern: str, examples: list[str]) -> str:
    found = re.search(pattern, examples[0]) if examples else None
    text = found[0] if found else re.sub(r"\\(.)", r"\1", pattern)
    return text.strip(_AROUND_A_NAME).replace("$", "") or "unnamed"  # a dollar would refer to a group
