"""The bare loop's work: from a raw record to the job's output records, for every purpose, by the job's own code."""

from collections.abc import Sequence

from common.flink.output_record import OutputRecord
from contracts.enrichments import ENRICHMENTS
from contracts.lookup_api.lookups import Geo, ListingProfile, UserProfile, Value
from contracts.purposes.load import REFERENCE, load_purposes
from core.flat_event import BadRow, EnrichmentResults
from core.flatten import flatten
from core.fragments import FragmentBuilder
from core.privacy.envelopes import Envelopes
from core.privacy.key_source import load_key_ring
from core.privacy.payload_protection import protection
from core.privacy.pseudonyms import Pseudonyms
from core.projection import Projection
from core.routing import Routing
from enrichment_job.consent.consent_check import ConsentCheck
from enrichment_job.output.emitter import Emitter
from enrichment_job.output.outcomes import Enriched, Failed, Suppressed

_VALUES: dict[str, Value] = {
    "geo": Geo(geo_country="DE", geo_city="Berlin", geo_latitude=52.5, geo_longitude=13.4),
    "user": UserProfile(user_segment="regular", user_type="private", user_verified=True),
    "listing": ListingProfile(listing_category="bikes", listing_price=12.5, listing_currency="EUR"),
}


class BareEnricher:
    """From a raw record to the job's output records."""

    def __init__(self, keys: str) -> None:
        """:param keys: place of the key ring, see :mod:`core.privacy.key_source`."""
        ring, purposes = load_key_ring(keys), load_purposes(REFERENCE)
        envelopes = Envelopes(ring.envelopes)
        pseudonyms = Pseudonyms(ring.epochs, with_event_ids=any(each.has_event_pseudonyms for each in purposes))
        self._emitter = Emitter(pseudonyms, protection("encrypt", envelopes))
        self._routing = Routing([Projection(each, number, envelopes) for number, each in enumerate(purposes)])
        self._consent = ConsentCheck(None)
        builder = FragmentBuilder(purposes)
        results = [
            builder.of_value(each.name, "ok", _VALUES[each.name])
            if each.name in _VALUES
            else builder.without_value(each.name, "missing")
            for each in ENRICHMENTS
        ]
        self._results = EnrichmentResults(results, None)

    def records(self, raw: bytes, collector_tstamp: int, now_ms: int) -> Sequence[OutputRecord]:
        """All records of the event; times are ms since 1970 UTC."""
        event = flatten(raw, collector_tstamp, now_ms)
        if isinstance(event, BadRow):
            opted_out = self._consent.of_bad_record(raw)
            return (self._emitter.rejected(raw, event, collector_tstamp, now_ms, opted_out).record,)
        opted_out = self._consent.of_event(event.fields)
        recipients = self._routing.recipients(event.fields.event_name, opted_out=opted_out is not None)
        outcome = self._emitter.enriched(event, self._results, opted_out, recipients)
        if isinstance(outcome, Enriched):
            return outcome.records if outcome.tombstone is None else (*outcome.records, outcome.tombstone)
        if isinstance(outcome, Failed):
            return (outcome.record,)
        return (outcome.tombstone,) if isinstance(outcome, Suppressed) else ()
