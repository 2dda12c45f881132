"""Sources for useragent, referrer and campaign keys: packaged rules applied to the text itself."""

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
from lookup_service.sources.results import SourceResults, lookup_in_slices

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
    """The marketplace's own hosts, subdomains included: a visit from one of them is internal."""


class CampaignOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str = "campaign_rules"


class TextSource:
    """Always available: the rules are in this process, and their build changes only with the installed packages."""

    def __init__(
        self, kind: TextKind, name: str, compute: Compute, data_version: str, settings: Settings = _NOTHING_SET
    ) -> None:
        """:param settings: for ``POST /v1/enrich``, whose rules also use the other fields of the event."""
        self.kind = kind
        self.name = name
        self.data_version = data_version
        self.settings = settings
        self._compute = compute
        self._results = SourceResults(kind, name, data_version)
        compute(COMPILES_ALL)  # compiles the patterns at start, so that the first request does not wait for it

    async def lookup(self, keys: Sequence[str]) -> list[LookupResult]:
        return await lookup_in_slices(keys, self._results, self.lookup_one)

    async def check(self) -> SourceState:
        return SourceState(state="ok", data_version=self.data_version)

    async def close(self) -> None:
        """No-op: the source holds no files and no connections."""

    def lookup_one(self, key: str) -> LookupResult:
        """The result of one key; never waits."""
        found = self._compute(key)
        return self._results.for_no_key(NoKey(found)) if isinstance(found, str) else self._results.for_value(found)


def open_user_agent(options: UserAgentOptions) -> TextSource:
    """The build names the versions of all three packages: each brings patterns or the code that applies them.

    Of the operator's crawler list only the lines about user agents apply here, because a key is a user agent alone.
    Raises CrawlerRulesError.
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
    """Only configured hosts are internal: a key does not tell which page was visited."""
    settings = Settings(internal_hosts=frozenset(host.lower().rstrip(".") for host in options.internal_hosts))

    def compute(text: str) -> Value | Reason:
        return referrer.compute(text, None, settings=settings)

    build = _build("referring_sites", sorted(SITES.items()), sorted(settings.internal_hosts))
    return TextSource("referrer", options.name, compute, build, settings)


def open_campaign(options: CampaignOptions) -> TextSource:
    return TextSource("campaign", options.name, campaign.compute, _build("click_ids", list(CLICK_IDS.items())))


def _build(name: str, *rules: object) -> str:
    """A build from the content of the rules, so that a changed table invalidates cached results."""
    return f"{name}/{zlib.crc32(repr(rules).encode()):08x}"
