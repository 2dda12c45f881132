"""useragent, referrer and campaign keys: what the packaged rules say of the text itself."""

import zlib
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import version
from typing import Literal

import msgspec

from contracts.lookup import LookupResult, Value
from enrichments.campaign import CLICK_IDS, parse_campaign
from enrichments.referrer import parse_referrer
from enrichments.referring_sites import SITES
from enrichments.user_agent import parse_user_agent
from lookup_service.sources.answers import Answers, in_turns
from lookup_service.sources.protocol import SourceState

TextKind = Literal["useragent", "referrer", "campaign"]


class UserAgentOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str = "user_agent_rules"


class ReferrerOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str = "referrer_rules"
    internal_hosts: tuple[str, ...] = ()
    """The marketplace's own hosts, subdomains included: visits from them are internal."""


class CampaignOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str = "campaign_rules"


class TextSource:
    """Always up: the rules are in the process. Their build changes with the installed packages only."""

    def __init__(self, kind: TextKind, name: str, parse: Callable[[str], Value | None], data_version: str) -> None:
        self.kind = kind
        self.name = name
        self.data_version = data_version
        self._parse = parse
        self._answers = Answers(kind, name, data_version)
        parse("")  # patterns are compiled now, not during the first request

    async def lookup(self, keys: Sequence[str]) -> list[LookupResult]:
        return await in_turns(keys, self._answers, self._answer)

    async def check(self) -> SourceState:
        return SourceState(state="ok", data_version=self.data_version)

    async def close(self) -> None:
        """Nothing is held."""

    def _answer(self, key: str) -> LookupResult:
        return self._answers.of(self._parse(key))


def open_user_agent(options: UserAgentOptions) -> TextSource:
    """All packages' versions count: each of them brings patterns or the way they are applied."""
    packages = ("ua-parser-builtins", "crawler-user-agents", "ua-parser")
    build = "+".join(f"{package}/{version(package)}" for package in packages)
    return TextSource("useragent", options.name, parse_user_agent, build)


def open_referrer(options: ReferrerOptions) -> TextSource:
    own = frozenset(host.lower().rstrip(".") for host in options.internal_hosts)
    parse = partial(parse_referrer, internal_hosts=own)
    return TextSource("referrer", options.name, parse, _build("referring_sites", sorted(SITES.items()), sorted(own)))


def open_campaign(options: CampaignOptions) -> TextSource:
    return TextSource("campaign", options.name, parse_campaign, _build("click_ids", list(CLICK_IDS.items())))


def _build(name: str, *rules: object) -> str:
    """The rules' content is their build: a changed table makes earlier answers invisible."""
    return f"{name}/{zlib.crc32(repr(rules).encode()):08x}"
