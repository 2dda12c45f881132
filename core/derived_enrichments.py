"""User agents, referrers and campaigns, worked out inside the job: asking anybody would cost more than the work.

Measured on two shared cores: 24 µs a user agent, 8 µs a referrer, 0.2 to 6 µs a campaign. User agents (0.2 µs when
remembered) and referrers (0.4 µs) repeat and are remembered; a campaign is worked out as quickly as found.
"""

from collections.abc import Callable, Collection
from functools import lru_cache, partial
from typing import Protocol

from common.memoize import remembered
from contracts.events.enriched import EventFields
from contracts.lookup_api.lookups import Kind, Value
from core.derived.campaign import parse_campaign
from core.derived.referrer import parse_referrer
from core.derived.user_agent import COMPILES_ALL, parse_user_agent
from core.derived.web.crawler_rules import NO_RULES, CrawlerRules
from core.derived.web.page_address import LONGEST_REMEMBERED, beginning, site_of, why_nothing
from core.flat_event import EnrichmentResult
from core.fragments import FragmentBuilder

_USER_AGENTS = 16_384
_REFERRERS = 32_768
_HOSTS = 4_096
_LONGEST = 512
"""Characters of a text that is remembered: longer ones are few, or made to fill the memory."""


class DerivedEnrichment(Protocol):
    """From a kind's text, and the event that it is of, to the answer; what time it is does not matter."""

    def __call__(self, text: str, event: EventFields, now: float = 0.0, /) -> EnrichmentResult: ...


def derived_enrichments(
    views: FragmentBuilder, internal_hosts: Collection[str] = (), crawlers: CrawlerRules = NO_RULES
) -> dict[Kind, DerivedEnrichment]:
    """A function for each kind that needs nobody else, the same in the job and in ``/v1/enrich``. Each has been called
    once: patterns are compiled then, not for the first event.
    """
    found: dict[Kind, DerivedEnrichment] = {
        "useragent": _user_agent(views, crawlers),
        "referrer": _referrer(views, frozenset(internal_hosts)),
        "campaign": _campaign(views),
    }
    for function in found.values():
        function(COMPILES_ALL, _NOTHING)
    return found


def _user_agent(views: FragmentBuilder, crawlers: CrawlerRules) -> DerivedEnrichment:
    def answer(text: str, is_crawler: bool | None) -> EnrichmentResult:
        return _answer(views, "useragent", text, partial(parse_user_agent, is_crawler=is_crawler))

    without_rules = remembered(_USER_AGENTS, longest=_LONGEST)(partial(answer, is_crawler=None))
    known = lru_cache(_USER_AGENTS)(answer)

    def user_agent(text: str, event: EventFields, _: float = 0.0) -> EnrichmentResult:
        is_crawler = crawlers.verdict(text, event.user_ipaddress, event.app_id)
        return known(text, is_crawler) if len(text) <= _LONGEST else answer(text, is_crawler)

    return user_agent if crawlers else lambda text, _, __=0.0: without_rules(text)


def _referrer(views: FragmentBuilder, internal_hosts: frozenset[str]) -> DerivedEnrichment:
    def answer(text: str, page: str | None) -> EnrichmentResult:
        is_own_site = page is not None and (site := site_of(text)) is not None and site == site_of(page)
        parse = partial(parse_referrer, internal_hosts=internal_hosts, is_own_site=is_own_site)
        return _answer(views, "referrer", text, parse)

    known = lru_cache(_REFERRERS)(answer)

    def referrer(text: str, event: EventFields, _: float = 0.0) -> EnrichmentResult:
        page = event.page_url
        if len(text) > _LONGEST:
            return answer(text, page)
        if page is None:
            return known(text, None)
        start = beginning(page)  # of few hosts, so that answers are still found
        return known(text, start) if len(start) <= LONGEST_REMEMBERED else answer(text, start)

    return referrer


def _campaign(views: FragmentBuilder) -> DerivedEnrichment:
    def nothing(start: str) -> EnrichmentResult:
        return views.without_value("campaign", why_nothing("campaign", start).status)

    known = remembered(_HOSTS, longest=LONGEST_REMEMBERED)(nothing)

    def campaign(text: str, _: EventFields, __: float = 0.0) -> EnrichmentResult:
        value = parse_campaign(text)
        return known(beginning(text)) if value is None else views.of_value("campaign", "ok", value)

    return campaign


def _answer(views: FragmentBuilder, kind: Kind, text: str, parse: Callable[[str], Value | None]) -> EnrichmentResult:
    value = parse(text)
    if value is None:
        return views.without_value(kind, why_nothing(kind, text).status)
    return views.of_value(kind, "ok", value)


_NOTHING = EventFields(
    event_id="",
    event_name="",
    platform="srv",
    app_id="",
    etl_version="",
    collector_tstamp=0,
    dvce_created_tstamp=0,
    derived_tstamp=0,
    etl_tstamp=0,
)
