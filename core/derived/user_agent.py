"""What a user agent says it is: browser, system, device by ua-parser; crawler by :mod:`core.derived.web.crawlers`.

Measured on two shared cores: 24 µs a user agent, 0.2 µs one that is remembered.
"""

from collections.abc import Hashable
from functools import cache

from ua_parser import Domain
from ua_parser.loaders import load_lazy_builtins
from ua_parser.regex import Resolver

from contracts.lookup_api.lookups import UserAgent
from core.derived.interface import Memo, MemoByKey, MemoByText, Reason, Settings
from core.derived.web.crawlers import read_crawler
from core.derived.web.text import well_formed

_SPIDER = "Spider"
COMPILES_ALL = "App/1.0 (Android 14) okhttp/4.12.0"
"""To parse this user agent compiles all patterns, which takes a second: it is parsed once at the start."""
_REMEMBERED = 16_384
_LONGEST = 512


def compute(
    useragent: str, user_ipaddress: str | None, app_id: str | None, *, settings: Settings
) -> UserAgent | Reason:
    """The operator's own list of crawlers looks at address and application, too, and comes before the packaged one."""
    is_crawler = settings.crawlers.verdict(useragent, user_ipaddress, app_id)
    return parse_user_agent(useragent, is_crawler=is_crawler) or "missing"


def memo(settings: Settings) -> Memo:
    """Without a list of the operator's own the user agent alone decides; with one, its verdict counts besides."""
    crawlers = settings.crawlers
    if not crawlers:
        return MemoByText(_REMEMBERED, _LONGEST)

    def key(useragent: str, user_ipaddress: str | None, app_id: str | None) -> Hashable | None:
        return (useragent, crawlers.verdict(useragent, user_ipaddress, app_id)) if len(useragent) <= _LONGEST else None

    return MemoByKey(_REMEMBERED, key)


def prepare() -> None:
    parse_user_agent(COMPILES_ALL)


def parse_user_agent(text: str, *, is_crawler: bool | None = None) -> UserAgent | None:
    """None where there is no user agent. For one that no rule knows ``user_agent_is_crawler`` is still there.

    ``is_crawler``: the verdict of the operator's own list, which comes before the packaged one.
    """
    if text.strip() in ("", "-"):
        return None
    text = well_formed(text)
    crawler, is_person = read_crawler(text)
    found = _resolver()(text, Domain.ALL)
    browser, system, device = found.user_agent, found.os, found.device
    is_spider = device is not None and device.family == _SPIDER
    if is_crawler is None:
        is_crawler = crawler is not None or (is_spider and not is_person)
    if is_crawler and crawler is None and browser is not None:
        crawler = browser.family
    if is_spider and not is_crawler:
        device = None
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
        user_agent_is_crawler=is_crawler,
        user_agent_crawler_name=crawler if is_crawler else None,
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
