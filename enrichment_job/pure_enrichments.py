"""User agents, referrers and campaigns, worked out inside the job: asking anybody would cost more than the work.

Measured: 11 µs a user agent, 3 µs a referrer, 0.1 to 1.6 µs a campaign, against some 100 µs for the way of a miss.
User agents and referrers repeat and are remembered by their text; a campaign is worked out as quickly as found.
"""

from collections.abc import Callable, Collection
from functools import lru_cache, partial

from contracts.lookup import Kind, Value
from enrichment_job.answers import AnswerViews
from enrichment_job.outcome import Answer
from enrichments.campaign import parse_campaign
from enrichments.referrer import parse_referrer
from enrichments.user_agent import parse_user_agent

_USER_AGENTS = 16_384
_REFERRERS = 32_768


def pure_enrichments(views: AnswerViews, internal_hosts: Collection[str]) -> dict[Kind, Callable[[str], Answer]]:
    """A function from text to answer for each kind that needs nobody else. The first call has been made."""
    hosts = frozenset(internal_hosts)
    found: dict[Kind, Callable[[str], Answer]] = {
        "useragent": lru_cache(_USER_AGENTS)(_answering(views, "useragent", parse_user_agent)),
        "referrer": lru_cache(_REFERRERS)(_answering(views, "referrer", partial(parse_referrer, internal_hosts=hosts))),
        "campaign": _answering(views, "campaign", parse_campaign),
    }
    for function in found.values():
        function("")  # patterns are compiled now, not for the first event
    return found


def _answering(views: AnswerViews, kind: Kind, parse: Callable[[str], Value | None]) -> Callable[[str], Answer]:
    missing = views.without_value(kind, "missing")

    def answering(text: str) -> Answer:
        value = parse(text)
        return missing if value is None else views.of_value(kind, "ok", value)

    return answering
