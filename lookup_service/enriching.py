"""Raw events to enriched or failed ones: the job's own pure functions around this service's lookups."""

from collections.abc import Mapping, Sequence

import msgspec

from contracts.enriched_event import EventFields
from contracts.enrichment import MAX_EVENTS, EnrichResponse, EnrichResult
from contracts.enrichment_table import ENRICHMENTS
from contracts.lookup import MAX_KEY_CHARACTERS, Kind, LookupKey, LookupResult
from enrichment_job.answers import AnswerViews
from enrichment_job.outcome import Prepared, Rejected
from enrichment_job.policy.model import EVERYTHING
from enrichment_job.prepare import prepare
from enrichment_job.privacy.payloads import scrubbed
from enrichment_job.privacy.pseudonyms import no_pseudonym
from enrichment_job.projection import Projection
from enrichment_job.records import failed_record
from lookup_service.clock import now_ms
from lookup_service.refusal import Refusal
from lookup_service.resolver import Resolver

# The caller holds the raw events: there is nothing to keep from them.
_PROJECTION = Projection(EVERYTHING, 0, None)
_VIEWS = AnswerViews((EVERYTHING,))
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
    events: Sequence[bytes], resolver: Resolver, *, collector_tstamp: int, budget_s: float
) -> EnrichResponse:
    """One result per event, in order. A lookup that failed is in the event's status fields, as in the job."""
    now = now_ms()
    prepared = [prepare(raw, collector_tstamp, now) for raw in events]
    keys = [key for event in prepared if isinstance(event, Prepared) for key in _keys(event.fields)]
    found = iter(await resolver.resolve(keys, budget_s=budget_s))
    now_found = now_ms()
    results = []
    for raw, event in zip(events, prepared, strict=True):
        if isinstance(event, Rejected):
            _, _, row, _ = failed_record(raw, event, collector_tstamp, now, scrubbed)
            results.append(EnrichResult("failed", msgspec.Raw(row)))
        else:
            results_of = {key.kind: next(found).result(now_found) for key in _keys(event.fields)}
            results.append(EnrichResult("enriched", msgspec.Raw(_enriched(event.fields, results_of))))
    return EnrichResponse(results)


def _keys(fields: EventFields) -> list[LookupKey]:
    found = [(each.kind, getattr(fields, each.key_field)) for each in ENRICHMENTS]
    return [LookupKey(kind, key) for kind, key in found if key is not None and len(key) <= MAX_KEY_CHARACTERS]


def _enriched(fields: EventFields, results: Mapping[Kind, LookupResult]) -> bytes:
    answers = [
        _VIEWS.of_result(each.kind, results[each.kind])
        if each.kind in results
        else _VIEWS.without_value(each.kind, "missing")
        for each in ENRICHMENTS
    ]
    return b"".join((_PROJECTION.head(fields, no_pseudonym), *(answer.fragments[0] for answer in answers), b"}"))
