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
from assurance.bench.bare_enricher import BareEnricher
from assurance.end_to_end.run import for_replay
from common.flink.property_groups import ExactlyOnceSinkConfig, read, typed
from contracts import topics
from deploy.jobs import ENRICHMENT
from deploy.paths import STACK
from deploy.profiles import LATENCY, THROUGHPUT
from local_stack.jobs import keys_source
from local_stack.stack import LocalStack, StackOptions

INTERVALS_MS = (LATENCY.checkpoint_interval_ms, THROUGHPUT.checkpoint_interval_ms)
_WARM_UP = 0.1
"""Share of the events that are not measured: meanwhile clients connect and the first pseudonyms are made."""


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


def _run(stack: LocalStack, events: int, interval_ms: int) -> BareLoop:
    name = f"bare-{interval_ms}"
    servers = stack.bootstrap_servers
    consumer = Consumer({"bootstrap.servers": servers, "group.id": name, "enable.auto.commit": False, "log_level": 0})
    consumer.assign([TopicPartition(topics.RAW.name, number, 0) for number in range(stack.options.partitions)])
    producer = _producer(servers, name, ENRICHMENT.reference)
    enricher = BareEnricher(keys_source(stack.run_dir))
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
