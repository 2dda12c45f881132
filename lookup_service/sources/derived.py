"""useragent, referrer and campaign keys: what the packaged rules say of the text itself."""

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
from lookup_service.sources.results import SourceResults, in_turns

TextKind = Literal["useragent", "referrer", "campaign"]


class UserAgentOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str = "user_agent_rules"
    crawlers_path: Path | None = None
    """The operator's own list of crawlers: :mod:`core.derived.web.crawler_rules`."""


class ReferrerOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str = "referrer_rules"
    internal_hosts: tuple[str, ...] = ()
    """The marketplace's own hosts, subdomains included: visits from them are internal."""


class CampaignOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str = "campaign_rules"


class TextSource:
    """Always up: the rules are in the process. Their build changes with the installed packages only."""

    crawlers: CrawlerRules = NO_RULES
    internal_hosts: frozenset[str] = frozenset()
    """What a whole event is worked out with, where its own fields count, too."""

    def __init__(self, kind: TextKind, name: str, parse: Callable[[str], Value | None], data_version: str) -> None:
        self.kind = kind
        self.name = name
        self.data_version = data_version
        self._parse = parse
        self._answers = SourceResults(kind, name, data_version)
        parse(COMPILES_ALL)  # patterns are compiled now, not during the first request

    async def lookup(self, keys: Sequence[str]) -> list[LookupResult]:
        return await in_turns(keys, self._answers, self.answer)

    async def check(self) -> SourceState:
        return SourceState(state="ok", data_version=self.data_version)

    async def close(self) -> None:
        """Nothing is held."""

    def answer(self, key: str) -> LookupResult:
        """For one key, which waits for nothing."""
        value = self._parse(key)
        return self._answers.of(value) if value is not None else self._answers.without(why_nothing(self.kind, key))


def open_user_agent(options: UserAgentOptions) -> TextSource:
    """All packages' versions count: each of them brings patterns or the way they are applied. Of the operator's list
    only lines about agents fit a text alone. Raises CrawlerRulesError.
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
    """A text alone says nothing of the page that was visited: only configured hosts are internal."""
    own = frozenset(host.lower().rstrip(".") for host in options.internal_hosts)
    parse = partial(parse_referrer, internal_hosts=own)
    build = _build("referring_sites", sorted(SITES.items()), sorted(own))
    source = TextSource("referrer", options.name, parse, build)
    source.internal_hosts = own
    return source


def open_campaign(options: CampaignOptions) -> TextSource:
    return TextSource("campaign", options.name, parse_campaign, _build("click_ids", list(CLICK_IDS.items())))


def _build(name: str, *rules: object) -> str:
    """The rules' content is their build: a changed table makes earlier answers invisible."""
    return f"{name}/{zlib.crc32(repr(rules).encode()):08x}"
