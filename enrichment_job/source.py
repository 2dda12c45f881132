"""Source: the raw topic, as bytes, with the Kafka timestamp, at the latest now, as event time.

What it needs beside Flink's own is Java, in ``common/flink/java`` (docs/decisions/0013-java-for-the-source.md): in
Python each record would cost a call into the interpreter, and some never get there.
"""

from pyflink.common import Duration, WatermarkStrategy
from pyflink.datastream.connectors.kafka import KafkaSource
from pyflink.java_gateway import get_gateway

from common.flink.kafka_source import kafka_source
from common.flink.property_groups import KafkaConfig
from contracts.fixed_topics import RAW
from enrichment_job.config import SourceConfig


def raw_source(kafka: KafkaConfig, config: SourceConfig) -> KafkaSource:
    """From the checkpoint if there is one, else from the group's committed offsets, else as configured."""
    # A fetch costs broker and client the same whatever it brings: wait a moment for more than a record or two.
    fetching = {"fetch.min.bytes": str(config.fetch_min_bytes), "fetch.max.wait.ms": str(config.fetch_max_wait_ms)}
    deserializer = get_gateway().jvm.clickstream.job.ValueOrEmpty()
    return kafka_source(kafka, [RAW.name], config.group_id, config.start, deserializer, fetching)


def watermarks(config: SourceConfig) -> WatermarkStrategy:
    """Bounded disorder per partition; a partition without events does not hold the others back, and a record from the
    future does not drive them forward: its time is that of the job's clock. By more than the disorder it is counted.
    """
    bounded = WatermarkStrategy.for_bounded_out_of_orderness(Duration.of_millis(config.out_of_orderness_ms))
    clock = get_gateway().jvm.clickstream.job.RecordTime.atMostNow(config.out_of_orderness_ms)
    # PyFlink's own with_timestamp_assigner takes a Python function.
    clocked = WatermarkStrategy(bounded._j_watermark_strategy.withTimestampAssigner(clock))
    return clocked.with_idleness(Duration.of_millis(config.idleness_ms))
