"""Sources for useragent, referrer and campaign keys: packaged rules applied to the text itself."""

import zlib
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import msgspec

from contracts.lookup_api.lookups import LookupResult, Value
from core.derived.campaign import CLICK_IDS, parse_campaign
from core.derived.referrer import parse_referrer
from core.derived.user_agent import COMPILES_ALL, parse_user_agent
from core.derived.web.crawler_rules import NO_RULES, CrawlerRules, parse_crawler_rules, read_crawler_lines
from core.derived.web.page_address import why_nothing
from core.derived.web.site_finder import SITES
from lookup_service.sources.protocol import SourceState
from lookup_service.sources.results import SourceResults, lookup_in_slices

TextKind = Literal["useragent", "referrer", "campaign"]


class UserAgentOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str = "user_agent_rules"
    crawlers_path: Path | None = None
    """The operator's own list of crawlers: :mod:`core.derived.web.crawler_rules`."""


class ReferrerOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str = "referrer_rules"
    internal_hosts: tuple[str, ...] = ()
    """The marketplace's own hosts, subdomains included: a visit from one of them is internal."""


class CampaignOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str = "campaign_rules"


class TextSource:
    """Always available: the rules are in this process, and their build changes only with the installed packages."""

    crawlers: CrawlerRules = NO_RULES
    """For ``POST /v1/enrich``, whose rules also use the other fields of the event."""
    internal_hosts: frozenset[str] = frozenset()
    """As ``crawlers``."""

    def __init__(self, kind: TextKind, name: str, parse: Callable[[str], Value | None], data_version: str) -> None:
        self.kind = kind
        self.name = name
        self.data_version = data_version
        self._parse = parse
        self._results = SourceResults(kind, name, data_version)
        parse(COMPILES_ALL)  # compiles the patterns at start, so that the first request does not wait for it

    async def lookup(self, keys: Sequence[str]) -> list[LookupResult]:
        return await lookup_in_slices(keys, self._results, self.lookup_one)

    async def check(self) -> SourceState:
        return SourceState(state="ok", data_version=self.data_version)

    async def close(self) -> None:
        """No-op: the source holds no files and no connections."""

    def lookup_one(self, key: str) -> LookupResult:
        """The result of one key; never waits."""
        value = self._parse(key)
        if value is None:
            return self._results.for_no_key(why_nothing(self.kind, key))
        return self._results.for_value(value)


def open_user_agent(options: UserAgentOptions) -> TextSource:
    """The build names the versions of all three packages: each brings patterns or the code that applies them.

    Of the operator's crawler list only the lines about user agents apply here, because a key is a user agent alone.
    Raises CrawlerRulesError.
    """
    packages = ("ua-parser-builtins", "crawler-user-agents", "ua-parser")
    build = "+".join(f"{package}/{version(package)}" for package in packages)
    if options.crawlers_path is None:
        return TextSource("useragent", options.name, parse_user_agent, build)
    lines = read_crawler_lines(options.crawlers_path)
    crawlers = parse_crawler_rules(lines)

    def parse(text: str) -> Value | None:
        return parse_user_agent(text, is_crawler=crawlers.verdict(text))

    source = TextSource("useragent", options.name, parse, f"{build}+{_build('crawlers', lines)}")
    source.crawlers = crawlers
    return source


def open_referrer(options: ReferrerOptions) -> TextSource:
    """Only configured hosts are internal: a key does not tell which page was visited."""
    own = frozenset(host.lower().rstrip(".") for host in options.internal_hosts)
    parse = partial(parse_referrer, internal_hosts=own)
    build = _build("referring_sites", sorted(SITES.items()), sorted(own))
    source = TextSource("referrer", options.name, parse, build)
    source.internal_hosts = own
    return source


def open_campaign(options: CampaignOptions) -> TextSource:
    return TextSource("campaign", options.name, parse_campaign, _build("click_ids", list(CLICK_IDS.items())))


def _build(name: str, *rules: object) -> str:
    """A build from the content of the rules, so that a changed table invalidates cached results."""
    return f"{name}/{zlib.crc32(repr(rules).encode()):08x}"
