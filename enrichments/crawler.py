"""Crawlers by their user agents: the patterns of crawler-user-agents, all matched at once."""

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import msgspec
from ua_parser_rs import UserAgentExtractor

from enrichments.text import well_formed

_AROUND_A_NAME = " /^$();:-_.+\\"


def crawler_name(user_agent: str) -> str | None:
    """Name of the crawler, such as ``Googlebot``, None where the user agent is not known as one's.

    The names are as many as the patterns: one that matches varying text is called by its first example.
    """
    found = _matcher().extract(well_formed(user_agent))
    return None if found is None else found.family


@cache
def _matcher() -> UserAgentExtractor:
    # The user agent parser's own matcher: a filter over all patterns' literals, then the few that can match. As one
    # regular expression of Python's the patterns take hundreds of times as long.
    return UserAgentExtractor(
        (entry.pattern, _name(entry.pattern, entry.instances), None, None, None, None) for entry in _entries()
    )


class _Entry(msgspec.Struct):
    pattern: str
    instances: list[str]


def _entries() -> list[_Entry]:
    # Not by importing the package: that reads its file in the locale's encoding, which inside a JVM may be ASCII.
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
