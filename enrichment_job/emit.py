"""Emit: one event with all its answers to one record per purpose, or to FAILED where a purpose's need is not met."""

from collections.abc import Iterator, Sequence

from pyflink.common import Row
from pyflink.datastream import OutputTag

from enrichment_job.enrich import enrich, lacking
from enrichment_job.metrics import Counters
from enrichment_job.outcome import Answers, Prepared
from enrichment_job.outputs import FAILED, as_row
from enrichment_job.purposes import Purpose
from enrichment_job.records import enriched_record, failed_record


def emit(
    purposes: Sequence[Purpose], count: Counters, event: Prepared, answers: Answers
) -> Iterator[Row | tuple[OutputTag, Row]]:
    """All of an event's records at once: they become visible in one transaction."""
    value = enrich(event, answers)
    partial = False
    for answer in answers:
        partial |= answer.status in ("timeout", "error")
    if partial:
        count.add("events_partial")
    for purpose in purposes:
        missing = lacking(purpose, answers) if partial else None
        if missing is None:
            count.add("events_enriched")
            yield as_row(enriched_record(purpose.topic, event, value))
        else:
            count.add("events_failed")
            yield FAILED, as_row(failed_record(event.raw, missing, event.collector_tstamp, event.etl_tstamp))
