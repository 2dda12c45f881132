"""Enriches raw events: the functions of :mod:`core`, which the job runs too, around this service's lookups.

Only ``core`` decides which keys an event has, which of them can be looked up and what is derived, so that the job and
this endpoint give the same records.
"""

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import islice

import msgspec

from contracts.events.enriched import EventFields
from contracts.lookup_api.enrich import MAX_EVENTS, EnrichResponse, EnrichResult
from contracts.purposes.model import EVERYTHING
from core.derived.interface import Settings
from core.derived.web.crawler_rules import NO_RULES
from core.flat_event import BadRow, EnrichmentResult, FlatEvent
from core.flatten import flatten
from core.fragments import FragmentBuilder
from core.lookups.enrichment_lookup import EnrichmentLookup, PendingResults
from core.lookups.protocols import Derive
from core.privacy.payload_protection import scrubbed
from core.privacy.pseudonyms import no_pseudonym
from core.projection import Projection
from core.registry import REGISTRY
from core.rejected_records import failed_record
from lookup_service.clock import now_ms
from lookup_service.http.error_response import ErrorResponse
from lookup_service.resolving.caching.cached_source import CachedSource
from lookup_service.resolving.event_lookups import EventLookups
from lookup_service.resolving.resolver import Resolver
from lookup_service.sources.derived import TextSource

# The caller has the raw events already, so no field is withheld and nothing is pseudonymised.
_PROJECTION = Projection(EVERYTHING, 0, None)
BUILDER = FragmentBuilder((EVERYTHING,))
TOO_MANY = ErrorResponse(status_code=413, error=f"more than {MAX_EVENTS} events")
EVENTS_PER_TURN = 32
"""Events (about 50 µs each) prepared or encoded before the event loop runs other requests."""
_Items = msgspec.defstruct(
    "_Items",
    [(f"event_{number}", msgspec.Raw, msgspec.Raw()) for number in range(MAX_EVENTS)],
    array_like=True,
    forbid_unknown_fields=True,
)
"""Makes decoding fail at the first event too many; the length of a list would be checked after decoding all of it."""
_split = msgspec.json.Decoder(_Items).decode
_LINE = re.compile(rb"\S[^\r\n]*")
"""A line that is not blank, without leading blanks."""


def read_events(body: bytes) -> list[bytes] | ErrorResponse:
    """The raw events of a JSON array or of lines, not yet decoded. Reading stops at the first event too many."""
    if body.lstrip()[:1] == b"[":
        return _of_array(body)
    events = [line[0] for line in islice(_LINE.finditer(body), MAX_EVENTS + 1)]
    return TOO_MANY if len(events) > MAX_EVENTS else events


def _of_array(body: bytes) -> list[bytes] | ErrorResponse:
    try:
        items = _split(body)
    except msgspec.ValidationError:  # the fields are Raw, so only the length can be invalid
        return TOO_MANY
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ErrorResponse(status_code=422, error="not a JSON array of events")
    return [bytes(item) for item in msgspec.structs.astuple(items) if bytes(item)]


async def enrich_events(
    events: Sequence[bytes],
    resolver: Resolver,
    derived: Mapping[str, Derive],
    *,
    collector_tstamp: int,
    budget_s: float,
) -> EnrichResponse:
    """One result per event, in order. A failed lookup shows in the event's status fields, as in the job.

    :param derived: of :func:`derived_by`.
    """
    now = now_ms()
    lookups = EventLookups(BUILDER)
    lookup = EnrichmentLookup(lookups, BUILDER, derived)
    waiting: list[tuple[FlatEvent, PendingResults] | EnrichResult] = []
    for number, raw in enumerate(events, 1):
        if number % EVENTS_PER_TURN == 0:
            await asyncio.sleep(0)
        event = flatten(raw, collector_tstamp, now)
        if isinstance(event, BadRow):
            _, _, row, _ = failed_record(raw, event, collector_tstamp, now, scrubbed)
            waiting.append(EnrichResult("failed", msgspec.Raw(row)))
        else:
            waiting.append((event, lookup.get_or_pending(event, 0.0)))
    await lookups.resolve(resolver, budget_s=budget_s)
    results: list[EnrichResult] = []
    for number, each in enumerate(waiting, 1):
        if number % EVENTS_PER_TURN == 0:
            await asyncio.sleep(0)
        if isinstance(each, EnrichResult):
            results.append(each)
        else:
            event, pending = each
            enrichments = lookup.resolve(pending, event, 0.0).enrichments
            results.append(EnrichResult("enriched", msgspec.Raw(enriched_json(event.fields, enrichments))))
    return EnrichResponse(results)


def derived_by(sources: Iterable[CachedSource]) -> Mapping[str, Derive]:
    """The job's derived enrichments, with the options of the configured sources."""
    found = [cached.source for cached in sources if isinstance(cached.source, TextSource)]
    hosts = next((source.settings.internal_hosts for source in found if source.kind == "referrer"), frozenset())
    crawlers = next((source.settings.crawlers for source in found if source.kind == "useragent"), NO_RULES)
    return _bound(Settings(hosts, crawlers))


@lru_cache(8)
def _bound(settings: Settings) -> Mapping[str, Derive]:
    return REGISTRY.bind(BUILDER, settings)


def enriched_json(fields: EventFields, results: Sequence[EnrichmentResult]) -> bytes:
    """The enriched event with every field."""
    return b"".join(
        (_PROJECTION.event_fields_json(fields, no_pseudonym), *(result.fragments[0] for result in results), b"}")
    )
