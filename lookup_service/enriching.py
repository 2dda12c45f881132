"""Raw events to enriched or failed ones: the job's own functions, and its answer desk, around this service's lookups.

What an event's keys are, what of them can be asked and what is worked out from the event alone is decided in the job's
package only, so that both give the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import msgspec

from contracts.enriched_event import EventFields
from contracts.enrichment import MAX_EVENTS, EnrichResponse, EnrichResult
from contracts.lookup import Kind
from enrichment_job.answer_desk import AnswerDesk
from enrichment_job.answers import AnswerViews
from enrichment_job.lookups.ticket import Ticket
from enrichment_job.outcome import Answer, Prepared, Rejected
from enrichment_job.policy.model import EVERYTHING
from enrichment_job.prepare import prepare
from enrichment_job.privacy.payloads import scrubbed
from enrichment_job.privacy.pseudonyms import no_pseudonym
from enrichment_job.projection import Projection
from enrichment_job.pure_enrichments import Pure, pure_enrichments
from enrichment_job.records import failed_record
from enrichments.crawler_rules import NO_RULES, CrawlerRules
from lookup_service.caching.cached_source import CachedSource
from lookup_service.clock import now_ms
from lookup_service.questions import Questions
from lookup_service.refusal import Refusal
from lookup_service.resolver import Resolver
from lookup_service.sources.text_sources import TextSource

# The caller holds the raw events: there is nothing to keep from them.
_PROJECTION = Projection(EVERYTHING, 0, None)
VIEWS = AnswerViews((EVERYTHING,))
TOO_MANY = Refusal(status_code=413, error=f"more than {MAX_EVENTS} events")
_split = msgspec.json.Decoder(list[msgspec.Raw]).decode


def read_events(body: bytes) -> list[bytes] | Refusal:
    """The raw events of a JSON array or of lines; what is in them is not looked at."""
    if body.lstrip()[:1] == b"[":
        try:
            found = _split(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return Refusal(status_code=422, error="not a JSON array of events")
        if len(found) > MAX_EVENTS:  # not one of them is copied
            return TOO_MANY
        events = [bytes(event) for event in found]
    else:
        events = [line for line in body.splitlines() if line.strip()]
    if len(events) > MAX_EVENTS:
        return TOO_MANY
    return events


async def enrich_events(
    events: Sequence[bytes], resolver: Resolver, pure: Mapping[Kind, Pure], *, collector_tstamp: int, budget_s: float
) -> EnrichResponse:
    """One result per event, in order. A lookup that failed is in the event's status fields, as in the job.

    ``pure`` is from :func:`pure_kinds`.
    """
    now = now_ms()
    questions = Questions(VIEWS)
    desk = AnswerDesk(questions, VIEWS, pure)
    waiting: list[tuple[Prepared, list[Answer | Ticket]] | EnrichResult] = []
    for raw in events:
        event = prepare(raw, collector_tstamp, now)
        if isinstance(event, Rejected):
            _, _, row, _ = failed_record(raw, event, collector_tstamp, now, scrubbed)
            waiting.append(EnrichResult("failed", msgspec.Raw(row)))
        else:
            waiting.append((event, desk.wait(event.fields, 0.0)))
    await questions.put_to(resolver, budget_s=budget_s)
    return EnrichResponse(
        [
            each
            if isinstance(each, EnrichResult)
            else EnrichResult("enriched", msgspec.Raw(_enriched(each[0].fields, desk.answered(each[1], 0.0))))
            for each in waiting
        ]
    )


def pure_kinds(sources: Iterable[CachedSource]) -> Mapping[Kind, Pure]:
    """The job's functions for what is worked out from an event alone, with the settings of the configured sources."""
    found = [cached.source for cached in sources if isinstance(cached.source, TextSource)]
    hosts = next((source.internal_hosts for source in found if source.kind == "referrer"), frozenset())
    crawlers = next((source.crawlers for source in found if source.kind == "useragent"), NO_RULES)
    return _pure(hosts, crawlers)


@lru_cache(8)
def _pure(hosts: frozenset[str], crawlers: CrawlerRules) -> Mapping[Kind, Pure]:
    return pure_enrichments(VIEWS, hosts, crawlers)


def _enriched(fields: EventFields, answers: Sequence[Answer]) -> bytes:
    return b"".join((_PROJECTION.head(fields, no_pseudonym), *(answer.fragments[0] for answer in answers), b"}"))
