"""Source: the raw topic, as bytes, with the Kafka timestamp, at the latest now, as event time.

What it needs beside Flink's own is Java, in ``common/flink/java`` (docs/decisions/0013-java-for-the-source.md): in
Python each record would cost a call into the interpreter, and some never get there.
"""

from pyflink.common import Duration, WatermarkStrategy
from pyflink.datastream.connectors.kafka import KafkaSource
from pyflink.java_gateway import get_gateway

from common.flink.keyed_source import committed_or
from common.flink.property_groups import KafkaConfig
from contracts.fixed_topics import RAW
from enrichment_job.config import SourceConfig


def raw_source(kafka: KafkaConfig, config: SourceConfig) -> KafkaSource:
    """From the checkpoint if there is one, else from the group's committed offsets, else as configured."""
    builder = (
        KafkaSource.builder()
        .set_bootstrap_servers(kafka.bootstrap_servers)
        .set_topics(RAW.name)
        .set_group_id(config.group_id)
        .set_starting_offsets(committed_or(config.start))
        # A fetch costs broker and client the same whatever it brings: wait a moment for more than a record or two.
        .set_property("fetch.min.bytes", str(config.fetch_min_bytes))
        .set_property("fetch.max.wait.ms", str(config.fetch_max_wait_ms))
        .set_property("partition.discovery.interval.ms", "60000")
        .set_property("commit.offsets.on.checkpoint", "true")
    )
    for name, value in kafka.client_properties().items():
        builder.set_property(name, value)
    # PyFlink's builder has no setter for schemas that see the record. Those that it has drop a record without a value.
    builder._j_builder.setDeserializer(get_gateway().jvm.clickstream.job.ValueOrEmpty())
    return builder.build()


def watermarks(config: SourceConfig) -> WatermarkStrategy:
    """Bounded disorder per partition; a partition without events does not hold the others back, and a record from the
    future does not drive them forward: its time is that of the job's clock. By more than the disorder it is counted.
    """
    bounded = WatermarkStrategy.for_bounded_out_of_orderness(Duration.of_millis(config.out_of_orderness_ms))
    clock = get_gateway().jvm.clickstream.job.RecordTime.atMostNow(config.out_of_orderness_ms)
    # PyFlink's own with_timestamp_assigner takes a Python function.
    clocked = WatermarkStrategy(bounded._j_watermark_strategy.withTimestampAssigner(clock))
    return clocked.with_idleness(Duration.of_millis(config.idleness_ms))
