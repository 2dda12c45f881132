"""What a user agent says it is: browser, system and device by ua-parser, crawler by :mod:`enrichments.crawler`."""

from functools import cache

from ua_parser import Domain
from ua_parser.loaders import load_lazy_builtins
from ua_parser.regex import Resolver

from contracts.lookup import UserAgent
from enrichments.crawler import crawler_name
from enrichments.text import well_formed

_SPIDER = "Spider"


def parse_user_agent(text: str) -> UserAgent | None:
    """None where nothing in it is known. ``user_agent_is_crawler`` is always there otherwise."""
    text = well_formed(text)
    crawler = crawler_name(text)
    found = _resolver()(text, Domain.ALL)
    browser, system, device = found.user_agent, found.os, found.device
    if browser is None and system is None and device is None and crawler is None:
        return None
    is_spider = device is not None and device.family == _SPIDER
    if crawler is None and is_spider and browser is not None:
        crawler = browser.family
    return UserAgent(
        user_agent_name=None if browser is None else browser.family,
        user_agent_version=None
        if browser is None
        else _version(browser.major, browser.minor, browser.patch, browser.patch_minor),
        user_agent_os_name=None if system is None else system.family,
        user_agent_os_version=None
        if system is None
        else _version(system.major, system.minor, system.patch, system.patch_minor),
        user_agent_device_name=None if device is None else device.family,
        user_agent_is_crawler=crawler is not None or is_spider,
        user_agent_crawler_name=crawler,
    )


def _version(*parts: str | None) -> str | None:
    given = []
    for part in parts:
        if part is None:
            break
        given.append(part)
    return ".".join(given) or None


@cache
def _resolver() -> Resolver:
    return Resolver(load_lazy_builtins())
