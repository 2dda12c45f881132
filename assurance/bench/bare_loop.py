"""Baseline without Flink: a plain confluent-kafka loop, exactly once, that does the job's work for every purpose.

It decodes, flattens, asks for consent, routes, pseudonymises under a real key ring, writes one record with its key for
each recipient, tombstones of who has opted out and sealed failed records, in one transaction every N ms. The code is
the job's own. What it lacks makes it faster than a job could be: every enrichment has the same result for all events,
so it neither looks up nor derives; it keeps no state, finds no event late, and cannot scale out.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from confluent_kafka import Consumer, Producer, TopicPartition

from assurance.bench.backlog import fill
from assurance.end_to_end.run import for_replay
from common.flink.output_record import OutputRecord
from common.flink.property_groups import ExactlyOnceSinkConfig, read, typed
from contracts import topics
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
from deploy.jobs import ENRICHMENT
from deploy.paths import STACK
from deploy.profiles import LATENCY, THROUGHPUT
from enrichment_job.consent.consent_check import ConsentCheck
from enrichment_job.output.emitter import Emitter
from enrichment_job.output.outcomes import Enriched, Failed, Suppressed
from local_stack.jobs import keys_source
from local_stack.stack import LocalStack, StackOptions

INTERVALS_MS = (LATENCY.checkpoint_interval_ms, THROUGHPUT.checkpoint_interval_ms)
_WARM_UP = 0.1
"""Share of the events that are not measured: meanwhile clients connect and the first pseudonyms are made."""
_VALUES: dict[str, Value] = {
    "geo": Geo(geo_country="DE", geo_city="Berlin", geo_latitude=52.5, geo_longitude=13.4),
    "user": UserProfile(user_segment="regular", user_type="private", user_verified=True),
    "listing": ListingProfile(listing_category="bikes", listing_price=12.5, listing_currency="EUR"),
}


@dataclass(frozen=True)
class BareLoop:
    """Over the backlog but its first tenth. ``cpu_us``: CPU microseconds of the loop's process per event."""

    transaction_ms: int
    events_per_s: float
    records_per_s: float
    cpu_us: float


def measure(events: int, intervals_ms: Sequence[int] = INTERVALS_MS) -> list[BareLoop]:
    """One result for each interval between transactions. The stream has as few users and listings as that of the
    pipeline's measurement with a warm cache.
    """
    options = StackOptions(
        run_dir=STACK / "bench", with_flink=False, with_lookup=False, topics=tuple(map(for_replay, topics.ALL))
    )
    with LocalStack(options) as stack:
        fill(stack, events, users=500, listings=1_000)
        return [_run(stack, events, interval_ms) for interval_ms in intervals_ms]


class Enricher:
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


def _run(stack: LocalStack, events: int, interval_ms: int) -> BareLoop:
    name = f"bare-{interval_ms}"
    servers = stack.bootstrap_servers
    consumer = Consumer({"bootstrap.servers": servers, "group.id": name, "enable.auto.commit": False, "log_level": 0})
    consumer.assign([TopicPartition(topics.RAW.name, number, 0) for number in range(stack.options.partitions)])
    producer = _producer(servers, name, ENRICHMENT.reference)
    enricher = Enricher(keys_source(stack.run_dir))
    process = psutil.Process()
    times, began, done, written, first = process.cpu_times(), time.monotonic(), 0, 0, (0, 0)
    while done < events:
        if not first[0] and done >= events * _WARM_UP:
            times, began, first = process.cpu_times(), time.monotonic(), (done, written)
        producer.begin_transaction()
        until = time.monotonic() + interval_ms / 1000
        while time.monotonic() < until and done < events:
            for message in consumer.consume(500, 0.01):
                records = enricher.records(message.value(), message.timestamp()[1], time.time_ns() // 1_000_000)
                for topic, key, value, at in records:
                    producer.produce(topic, value, key, timestamp=at)
                done += 1
                written += len(records)
            producer.poll(0)
        producer.send_offsets_to_transaction(
            consumer.position(consumer.assignment()), consumer.consumer_group_metadata()
        )
        producer.commit_transaction()
    took, now = time.monotonic() - began, process.cpu_times()
    consumer.close()
    measured, used = done - first[0], now.user + now.system - times.user - times.system
    return BareLoop(interval_ms, measured / took, (written - first[1]) / took, used / measured * 1e6)


def _producer(servers: str, name: str, properties: Path) -> Producer:
    """With the compression and the linger of the job's sink, out of its property file."""
    sink = typed(read(properties), "sink", ExactlyOnceSinkConfig)
    producer = Producer(
        {
            "bootstrap.servers": servers,
            "transactional.id": name,
            "log_level": 0,
            "compression.type": sink.compression_type,
            "linger.ms": sink.linger_ms,
            "queue.buffering.max.messages": 1_000_000,
        }
    )
    producer.init_transactions()
    return producer
