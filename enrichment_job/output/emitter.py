"""Emit: one event with all its answers to one record per purpose, all at once, so that they become visible in one
transaction; or to FAILED, where a purpose's need is not met. What its subject's opt-out withholds leaves a tombstone
in SUPPRESSED.
"""

from collections.abc import Collection, Sequence

from common.flink.side_outputs import FAILED, LATE, SUPPRESSED, Output, as_row, as_row_with_headers
from contracts.enrichments import ENRICHMENTS
from contracts.events.enriched import EventFields
from contracts.lookup_api.lookups import Status
from contracts.purposes.model import Purpose
from core.consent import OptOut, opt_out, readable_opt_out
from core.flat_event import BadRow, EnrichmentResult, FlatEvent
from core.privacy.payload_protection import scrubbed
from core.projection import Projection
from core.rejected_records import failed_record, late_record, suppressed_record
from enrichment_job.output.instruments import Instruments
from enrichment_job.runtime import WorkerRuntime

_FAILED: frozenset[Status] = frozenset({"timeout", "error"})


class Emitter:
    """What hot and cold path send out, and the counting of it."""

    def __init__(self, stage: WorkerRuntime, instruments: Instruments) -> None:
        self._routing = stage.routing
        self._pseudonyms = stage.pseudonyms
        self._suppression = stage.suppression
        self._protect = stage.protect
        self._with_subjects = stage.subjects is not None
        self._count = instruments.count
        self._latency = instruments.latency
        self._as_row = as_row if stage.tracing is None else as_row_with_headers

    def opt_out(self, fields: EventFields) -> OptOut | None:
        """By the event's own flag, or because its user or browser has opted out."""
        subjects = () if self._suppression is None else self._suppression.subjects
        if fields.consent is not False and not subjects:
            return None
        return opt_out(fields.consent, fields.user_id, fields.domain_userid, subjects)

    def takers(self, fields: EventFields, opted_out: OptOut | None) -> tuple[Projection, ...]:
        """The purposes that the event may go to."""
        return self._routing.takers(fields.event_name, opted_out=opted_out is not None)

    def enriched(
        self,
        event: FlatEvent,
        answers: list[EnrichmentResult],
        now_ms: int,
        opted_out: OptOut | None,
        takers: Sequence[Projection],
    ) -> Sequence[Output]:
        """All of an event's records.

        :param opted_out: as it is now, and ``takers`` by it: consent may have been withdrawn while the event waited.
        """
        fields = event.fields
        collector = fields.collector_tstamp
        if self._with_subjects:
            subject = answers.pop()
            # Without its key a subject gets no pseudonym: another one would outlive the key's destruction.
            pseudonymise = (
                self._pseudonyms.at(collector, subject.value)
                if subject.status == "ok"
                else self._pseudonyms.without_subject(collector)
            )
        else:
            pseudonymise = self._pseudonyms.at(collector)
        partial = not _FAILED.isdisjoint([answer.status for answer in answers])
        if partial:
            for projection in takers:
                if (lack := lacking(projection.purpose, answers)) is not None:
                    self._count.add("events_partial")
                    return (self.failed(event, lack, opted_out=opted_out is not None),)
        fragments = [answer.fragments for answer in answers]
        outputs: list[Output] = []
        for projection in takers:
            number = projection.number
            value = b"".join((projection.head(fields, pseudonymise), *[each[number] for each in fragments], b"}"))
            outputs.append(
                self._as_row((projection.topic, projection.kafka_key(fields, pseudonymise), value, collector))
            )
        if takers:  # counted when all of them are made: what raises is counted as failed, and as nothing else
            self._count.add("events_enriched")
            if partial:
                self._count.add("events_partial")
            if fields.field_errors is not None:
                self._count.add("events_repaired")
            self._latency.observe(now_ms - collector)
        if opted_out is not None:
            outputs.insert(0, self.suppressed(event, opted_out))
        return outputs

    def failed(self, event: FlatEvent, reason: BadRow, *, opted_out: bool) -> Output:
        self._count.add("events_failed")
        fields = event.fields
        protect = scrubbed if opted_out else self._protect
        return FAILED, self._as_row(
            failed_record(event.raw, reason, fields.collector_tstamp, fields.etl_tstamp, protect)
        )

    def rejected(self, raw: bytes, reason: BadRow, collector_tstamp: int, etl_tstamp: int) -> Output:
        """A record that is no event. What can be read of its subject's consent counts all the same."""
        self._count.add("events_failed")
        protect = self._protect if readable_opt_out(raw, self._subjects()) is None else scrubbed
        return FAILED, self._as_row(failed_record(raw, reason, collector_tstamp, etl_tstamp, protect))

    def suppressed(self, event: FlatEvent, opted_out: OptOut) -> Output:
        """The tombstone of an event that the purposes which need consent do not get: it keeps the ledger whole."""
        self._count.add("events_suppressed")
        return SUPPRESSED, self._as_row(suppressed_record(event, opted_out))

    def late(self, event: FlatEvent, watermark: int) -> Output:
        self._count.add("events_late")
        protect = self._protect if self.opt_out(event.fields) is None else scrubbed
        return LATE, self._as_row(late_record(event, watermark, protect))

    def _subjects(self) -> Collection[str]:
        """Accounts and browsers that have opted out, as they are known now."""
        return () if self._suppression is None else self._suppression.subjects


def lacking(purpose: Purpose, answers: Sequence[EnrichmentResult]) -> BadRow | None:
    """The first enrichment that the purpose requires and that could not be had, as a rejection of the whole event."""
    for each, got in zip(ENRICHMENTS, answers, strict=True):
        if each.name in purpose.required and got.status in ("timeout", "error"):
            return BadRow(
                "enrichment", "enrich", f"required by {purpose.name}, and it is {got.status}", each.status_field
            )
    return None
