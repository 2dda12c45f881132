"""Baseline without Flink: a plain confluent-kafka loop with the same parsing, constant enrichments and serialisation,
and one transaction every 50 ms. It has no state, no lookups, no side outputs and cannot scale out.
"""

import time

from confluent_kafka import Consumer, Producer, TopicPartition

from assurance.bench.backlog import fill
from assurance.end_to_end.run import for_replay
from contracts import topics
from contracts.enrichments import ENRICHMENTS
from contracts.lookup_api.lookups import Geo, ListingProfile, UserProfile, Value
from contracts.purposes.model import EVERYTHING
from core.flat_event import BadRow
from core.flatten import flatten
from core.fragments import FragmentBuilder
from core.privacy.payload_protection import scrubbed
from core.privacy.pseudonyms import no_pseudonym
from core.projection import Projection
from core.rejected_records import failed_record
from deploy.paths import STACK
from local_stack.stack import LocalStack, StackOptions

_TRANSACTION_S = 0.05


def measure(events: int) -> float:
    """Events per second over the whole backlog."""
    options = StackOptions(
        run_dir=STACK / "bench", with_flink=False, with_lookup=False, topics=tuple(map(for_replay, topics.ALL))
    )
    with LocalStack(options) as stack:
        fill(stack, events)
        return _run(stack.bootstrap_servers, options.partitions, events)


def _run(bootstrap: str, partitions: int, events: int) -> float:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "bare", "enable.auto.commit": False})
    consumer.assign([TopicPartition(topics.RAW.name, number, 0) for number in range(partitions)])
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "transactional.id": "bare",
            "compression.type": "lz4",
            "linger.ms": 5,
            "queue.buffering.max.messages": 1_000_000,
        }
    )
    producer.init_transactions()
    projection, builder = Projection(EVERYTHING, 0, None), FragmentBuilder((EVERYTHING,))
    values: dict[str, Value] = {
        "geo": Geo(geo_country="DE", geo_city="Berlin", geo_latitude=52.5, geo_longitude=13.4),
        "user": UserProfile(user_segment="regular", user_type="private", user_verified=True),
        "listing": ListingProfile(listing_category="bikes", listing_price=12.5, listing_currency="EUR"),
    }
    results = [
        builder.of_value(each.name, "ok", values[each.name])
        if each.name in values
        else builder.without_value(each.name, "missing")
        for each in ENRICHMENTS
    ]
    ending = b"".join(result.fragments[0] for result in results) + b"}"
    began, done = time.monotonic(), 0
    while done < events:
        producer.begin_transaction()
        until = time.monotonic() + _TRANSACTION_S
        while time.monotonic() < until and done < events:
            for message in consumer.consume(500, 0.01):
                collector = message.timestamp()[1]
                now = time.time_ns() // 1_000_000
                event = flatten(message.value(), collector, now)
                if isinstance(event, BadRow):
                    topic, key, value, _ = failed_record(message.value(), event, collector, now, scrubbed)
                else:
                    topic, key = topics.ANALYTICS.name, projection.kafka_key(event.fields, no_pseudonym)
                    value = projection.event_fields_json(event.fields, no_pseudonym) + ending
                producer.produce(topic, value, key, timestamp=collector)
                done += 1
            producer.poll(0)
        producer.send_offsets_to_transaction(
            consumer.position(consumer.assignment()), consumer.consumer_group_metadata()
        )
        producer.commit_transaction()
    took = time.monotonic() - began
    consumer.close()
    return events / took
