"""User agents, referrers and campaigns, worked out inside the job: asking anybody would cost more than the work.

Measured: 11 µs a user agent, 3 µs a referrer, 0.1 to 1.6 µs a campaign, against some 100 µs for the way of a miss.
User agents and referrers repeat and are remembered by their text; a campaign is worked out as quickly as found.
"""

from collections.abc import Callable, Collection
from functools import lru_cache, partial

from contracts.enriched_event import EventFields
from contracts.lookup import Kind, Value
from enrichment_job.answers import AnswerViews
from enrichment_job.outcome import Answer
from enrichments.campaign import parse_campaign
from enrichments.crawler_rules import NO_RULES, CrawlerRules
from enrichments.pages import site_of, why_nothing
from enrichments.referrer import parse_referrer
from enrichments.user_agent import COMPILES_ALL, parse_user_agent

_USER_AGENTS = 16_384
_REFERRERS = 32_768

Pure = Callable[[str, EventFields], Answer]
"""From a kind's text, and the event that it is of, to the answer."""


def pure_enrichments(
    views: AnswerViews, internal_hosts: Collection[str] = (), crawlers: CrawlerRules = NO_RULES
) -> dict[Kind, Pure]:
    """A function for each kind that needs nobody else, the same in the job and in ``/v1/enrich``. Each has been called
    once: patterns are compiled then, not for the first event.
    """
    found: dict[Kind, Pure] = {
        "useragent": _user_agent(views, crawlers),
        "referrer": _referrer(views, frozenset(internal_hosts)),
        "campaign": _campaign(views),
    }
    for function in found.values():
        function(COMPILES_ALL, _NOTHING)
    return found


def _user_agent(views: AnswerViews, crawlers: CrawlerRules) -> Pure:
    @lru_cache(_USER_AGENTS)
    def remembered(text: str, is_crawler: bool | None) -> Answer:
        return _answer(views, "useragent", text, partial(parse_user_agent, is_crawler=is_crawler))

    if not crawlers:
        return lambda text, _: remembered(text, None)
    return lambda text, event: remembered(text, crawlers.verdict(text, event.user_ipaddress, event.app_id))


def _referrer(views: AnswerViews, internal_hosts: frozenset[str]) -> Pure:
    @lru_cache(_REFERRERS)
    def remembered(text: str, is_own_site: bool) -> Answer:
        parse = partial(parse_referrer, internal_hosts=internal_hosts, is_own_site=is_own_site)
        return _answer(views, "referrer", text, parse)

    def referrer(text: str, event: EventFields) -> Answer:
        page = event.page_url
        return remembered(text, page is not None and (site := site_of(text)) is not None and site == site_of(page))

    return referrer


def _campaign(views: AnswerViews) -> Pure:
    return lambda text, _: _answer(views, "campaign", text, parse_campaign)


def _answer(views: AnswerViews, kind: Kind, text: str, parse: Callable[[str], Value | None]) -> Answer:
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
