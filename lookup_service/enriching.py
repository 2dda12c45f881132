"""Raw events to enriched or failed ones: the job's own pure functions around this service's lookups."""

from collections.abc import Sequence

import msgspec

from contracts.enrichment import MAX_EVENTS, EnrichResponse, EnrichResult
from contracts.lookup import Kind, LookupKey, LookupResult
from enrichment_job.enrich import NO_GEO, NO_LISTING, NO_USER, answer_from, enrich
from enrichment_job.outcome import Answers, Prepared, Rejected
from enrichment_job.prepare import prepare
from enrichment_job.records import failed_record
from lookup_service.clock import now_ms
from lookup_service.refusal import Refusal
from lookup_service.resolver import Resolver

_split = msgspec.json.Decoder(list[msgspec.Raw]).decode


def read_events(body: bytes) -> list[bytes] | Refusal:
    """The raw events of a JSON array or of lines; what is in them is not looked at."""
    if body.lstrip()[:1] == b"[":
        try:
            events = [bytes(event) for event in _split(body)]
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return Refusal(status_code=422, error="not a JSON array of events")
    else:
        events = [line for line in body.splitlines() if line.strip()]
    if len(events) > MAX_EVENTS:
        return Refusal(status_code=413, error=f"more than {MAX_EVENTS} events")
    return events


async def enrich_events(
    events: Sequence[bytes], resolver: Resolver, *, collector_tstamp: int, budget_s: float
) -> EnrichResponse:
    """One result per event, in order. A lookup that failed is in the event's status fields, as in the job."""
    now = now_ms()
    prepared = [prepare(raw, collector_tstamp, now) for raw in events]
    keys = [key for event in prepared if isinstance(event, Prepared) for key in event.lookups()]
    found = iter(await resolver.resolve(keys, budget_s=budget_s))
    now_found = now_ms()
    results = []
    for raw, event in zip(events, prepared, strict=True):
        if isinstance(event, Rejected):
            _, _, row, _ = failed_record(raw, event, collector_tstamp, now)
            results.append(EnrichResult("failed", msgspec.Raw(row)))
        else:
            answers = _answers([(key, next(found).result(now_found)) for key in event.lookups()])
            results.append(EnrichResult("enriched", msgspec.Raw(enrich(event, answers))))
    return EnrichResponse(results)


def _answers(results: Sequence[tuple[LookupKey, LookupResult]]) -> Answers:
    by_kind: dict[Kind, LookupResult] = {key.kind: result for key, result in results}
    return Answers(
        answer_from("ip", by_kind["ip"]) if "ip" in by_kind else NO_GEO,
        answer_from("user", by_kind["user"]) if "user" in by_kind else NO_USER,
        answer_from("listing", by_kind["listing"]) if "listing" in by_kind else NO_LISTING,
    )
