"""useragent, referrer and campaign keys: what the derived enrichments say of the text alone."""

import zlib
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from contracts.lookup_api.lookups import LookupResult, Value
from core.derived import campaign, referrer, user_agent
from core.derived.campaign import CLICK_IDS
from core.derived.interface import Reason, Settings
from core.derived.user_agent import COMPILES_ALL
from core.derived.web.crawler_rules import parse_crawler_rules, read_crawler_lines
from core.derived.web.site_finder import SITES
from core.lookups.lookup_keys import NoKey
from lookup_service.sources.protocol import SourceState
from lookup_service.sources.results import SourceResults, in_turns

TextKind = Literal["useragent", "referrer", "campaign"]
Compute: TypeAlias = Callable[[str], Value | Reason]
_NOTHING_SET = Settings()


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

    def __init__(
        self, kind: TextKind, name: str, compute: Compute, data_version: str, settings: Settings = _NOTHING_SET
    ) -> None:
        """:param settings: of the kind, for whole events, where the other fields of an event count, too."""
        self.kind = kind
        self.name = name
        self.data_version = data_version
        self.settings = settings
        self._compute = compute
        self._answers = SourceResults(kind, name, data_version)
        compute(COMPILES_ALL)  # patterns are compiled now, not during the first request

    async def lookup(self, keys: Sequence[str]) -> list[LookupResult]:
        return await in_turns(keys, self._answers, self.answer)

    async def check(self) -> SourceState:
        return SourceState(state="ok", data_version=self.data_version)

    async def close(self) -> None:
        """Nothing is held."""

    def answer(self, key: str) -> LookupResult:
        """For one key, which waits for nothing."""
        outcome = self._compute(key)
        return self._answers.without(NoKey(outcome)) if isinstance(outcome, str) else self._answers.of(outcome)


def open_user_agent(options: UserAgentOptions) -> TextSource:
    """All packages' versions count: each of them brings patterns or the way they are applied. Of the operator's list
    only lines about agents fit a text alone. Raises CrawlerRulesError.
    """
    packages = ("ua-parser-builtins", "crawler-user-agents", "ua-parser")
    build = "+".join(f"{package}/{version(package)}" for package in packages)
    settings = _NOTHING_SET
    if options.crawlers_path is not None:
        lines = read_crawler_lines(options.crawlers_path)
        settings = Settings(crawlers=parse_crawler_rules(lines))
        build = f"{build}+{_build('crawlers', lines)}"

    def compute(text: str) -> Value | Reason:
        return user_agent.compute(text, None, None, settings=settings)

    return TextSource("useragent", options.name, compute, build, settings)


def open_referrer(options: ReferrerOptions) -> TextSource:
    """A text alone says nothing of the page that was visited: only configured hosts are internal."""
    settings = Settings(internal_hosts=frozenset(host.lower().rstrip(".") for host in options.internal_hosts))

    def compute(text: str) -> Value | Reason:
        return referrer.compute(text, None, settings=settings)

    build = _build("referring_sites", sorted(SITES.items()), sorted(settings.internal_hosts))
    return TextSource("referrer", options.name, compute, build, settings)


def open_campaign(options: CampaignOptions) -> TextSource:
    return TextSource("campaign", options.name, campaign.compute, _build("click_ids", list(CLICK_IDS.items())))


def _build(name: str, *rules: object) -> str:
    """The rules' content is their build: a changed table makes earlier answers invisible."""
    return f"{name}/{zlib.crc32(repr(rules).encode()):08x}"
