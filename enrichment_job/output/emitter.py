"""The emitter: one event with all its enrichment results to its outcome. Pure: it counts nothing and sends nothing.

All records of an event are in one outcome, so that they become visible in one transaction.
"""

from collections.abc import Sequence

from contracts.enrichments import ENRICHMENTS
from contracts.lookup_api.lookups import Status
from contracts.purposes.model import Purpose
from core.consent import OptOut
from core.flat_event import BadRow, EnrichmentResult, EnrichmentResults, FlatEvent
from core.privacy.payload_protection import Protect, scrubbed
from core.privacy.pseudonyms import Pseudonymise, Pseudonyms
from core.projection import Projection
from core.rejected_records import failed_record, late_record, suppressed_record
from enrichment_job.output.outcomes import Enriched, Failed, Late, NoRecipients, Suppressed

_FAILED: frozenset[Status] = frozenset({"timeout", "error"})
_NO_RECIPIENTS = NoRecipients()


class Emitter:
    """Used by hot and cold path alike. ``opted_out`` is the opt-out of the event's subject, None with consent; the
    caller finds it out once for each event, because a moment later it may be another.
    """

    def __init__(self, pseudonyms: Pseudonyms, protect: Protect) -> None:
        """``protect`` is applied to the payloads of failed and late records of subjects who have not opted out."""
        self._pseudonyms = pseudonyms
        self._protect = protect

    def enriched(
        self,
        event: FlatEvent,
        results: EnrichmentResults,
        opted_out: OptOut | None,
        recipients: Sequence[Projection],
    ) -> Enriched | Failed | Suppressed | NoRecipients:
        """One record for each recipient, or one failed record where a recipient requires a result that is lacking.

        :param recipients: the purposes that accept the event, given ``opted_out``.
        """
        if not recipients:
            return self.without_recipients(event, opted_out)
        fields, enrichments = event.fields, results.enrichments
        collector_tstamp = fields.collector_tstamp
        is_partial = _has_failure(enrichments)
        if is_partial:
            for projection in recipients:
                if (reason := missing_required_enrichment(projection.purpose, enrichments)) is not None:
                    protect = self._protection(opted_out)
                    return Failed(
                        failed_record(event.raw, reason, collector_tstamp, fields.etl_tstamp, protect), is_partial=True
                    )
        pseudonymise = (
            self._pseudonyms.at(collector_tstamp)
            if results.subject_key is None
            else self._of_subject(collector_tstamp, results.subject_key)
        )
        records = []
        for projection in recipients:  # a comprehension would cost one more call
            records.append(projection.record(fields, enrichments, pseudonymise))
        return Enriched(
            records,
            None if opted_out is None else suppressed_record(event, opted_out),
            is_partial,
            fields.field_errors is not None,
        )

    def without_recipients(self, event: FlatEvent, opted_out: OptOut | None) -> Suppressed | NoRecipients:
        """An event that no purpose gets. The tombstone of one whose subject has opted out keeps the ledger whole."""
        return _NO_RECIPIENTS if opted_out is None else Suppressed(suppressed_record(event, opted_out))

    def late(self, event: FlatEvent, watermark: int, opted_out: OptOut | None) -> Late:
        """:param watermark: ms since 1970 UTC."""
        return Late(late_record(event, watermark, self._protection(opted_out)))

    def rejected(
        self, raw: bytes, reason: BadRow, collector_tstamp: int, etl_tstamp: int, opted_out: OptOut | None
    ) -> Failed:
        """A record that is no valid event, or met a bug.

        :param opted_out: what can be read of its subject's consent in the raw record.
        """
        return Failed(failed_record(raw, reason, collector_tstamp, etl_tstamp, self._protection(opted_out)))

    def _protection(self, opted_out: OptOut | None) -> Protect:
        return self._protect if opted_out is None else scrubbed

    def _of_subject(self, collector_tstamp: int, subject_key: EnrichmentResult) -> Pseudonymise:
        if subject_key.status == "ok":
            return self._pseudonyms.at(collector_tstamp, subject_key.value)
        # Without its key a subject gets no pseudonym: another one would outlive the key's destruction.
        return self._pseudonyms.without_subject(collector_tstamp)


def missing_required_enrichment(purpose: Purpose, results: Sequence[EnrichmentResult]) -> BadRow | None:
    """Why the whole event fails: the first enrichment that the purpose requires and whose lookup timed out or failed;
    None where there is no such one. ``results`` are in the order of :data:`contracts.enrichments.ENRICHMENTS`.
    """
    for each, result in zip(ENRICHMENTS, results, strict=True):
        if each.name in purpose.required and result.status in _FAILED:
            return BadRow(
                "enrichment", "enrich", f"required by {purpose.name}, and it is {result.status}", each.status_field
            )
    return None


def _has_failure(results: Sequence[EnrichmentResult]) -> bool:
    for each in results:  # noqa: SIM110 - any() with a generator takes twice the time
        if each.status in _FAILED:
            return True
    return False
