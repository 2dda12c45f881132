"""Emit: one event with all its answers to one record per purpose, or to FAILED where a purpose's need is not met."""

from collections.abc import Iterator, Sequence

from pyflink.common import Row
from pyflink.datastream import OutputTag

from enrichment_job.enrich import enrich, lacking
from enrichment_job.metrics import Counters
from enrichment_job.outcome import Answer, Prepared
from enrichment_job.outputs import FAILED, as_row
from enrichment_job.purposes import Purpose
from enrichment_job.records import failed_record


def emit(
    purposes: Sequence[Purpose],
    count: Counters,
    raw: bytes,
    event: Prepared,
    collector_tstamp: int,
    etl_tstamp: int,
    geo: Answer,
    user: Answer,
    listing: Answer,
) -> Iterator[Row | tuple[OutputTag, Row]]:
    """All of an event's records at once: they become visible in one transaction."""
    value = enrich(event, geo, user, listing)
    count.add("events_enriched")
    if any(answer.status in ("timeout", "error") for answer in (geo, user, listing)):
        count.add("events_partial")
    for purpose in purposes:
        missing = lacking(purpose, geo, user, listing)
        if missing is None:
            yield Row(purpose.topic, event.kafka_key, value, collector_tstamp)
        else:
            count.add("events_failed")
            yield FAILED, as_row(failed_record(raw, missing, collector_tstamp, etl_tstamp))
